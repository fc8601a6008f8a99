"""`meshmedic sandbox`: try the bot in a browser, without Discord."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.app import bootstrap
from bot.cli.parser import Parser


def add_arguments(parser: Parser) -> None:
    """Which cluster, and where it is served."""
    parser.add_argument("--scenario", default="homelab", help="which homelab; `list` names them")
    parser.add_argument("--kubeconfig", type=Path, help="a real cluster in place of a scenario")
    parser.add_argument("--port", type=_port, default=8642, help="default: 8642; 0 for any")
    parser.set_defaults(command=run)


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() and len(text) <= len("65535") else -1
    if not 0 <= port <= 65535:  # noqa: PLR2004  # what TCP has
        msg = f"{text!r} is no port: it is a number from 0 to 65535"
        raise argparse.ArgumentTypeError(msg)
    return port


def run(arguments: argparse.Namespace) -> int:
    """Serve the sandbox until Ctrl-C."""
    return bootstrap.sandbox(arguments.scenario, arguments.kubeconfig, arguments.port)
