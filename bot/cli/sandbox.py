"""`meshmedic sandbox`: try the bot in a browser, without Discord."""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress
from pathlib import Path

from bot import log_setup
from bot.app.bootstrap import sandbox_client
from bot.cli.parser import Parser
from bot.errors import MeshmedicError


def add_arguments(parser: Parser) -> None:
    """The scenario or cluster, and the port."""
    parser.add_argument("--scenario", default="homelab", help="which homelab; `list` names them")
    parser.add_argument("--kubeconfig", type=Path, help="a real cluster in place of a scenario")
    parser.add_argument("--port", type=_port, default=8642, help="default: 8642; 0 for any")
    parser.set_defaults(command=run)


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() and len(text) <= len("65535") else -1
    if not 0 <= port <= 65535:  # noqa: PLR2004  # what TCP has
        msg = f"{text!r} is not a port: it is a number from 0 to 65535"
        raise argparse.ArgumentTypeError(msg)
    return port


def run(arguments: argparse.Namespace) -> int:
    """Serve the sandbox until Ctrl-C."""
    try:
        from bot.sandbox.opening import open_sandbox  # noqa: PLC0415  # an extra that may be missing
    except ModuleNotFoundError as error:
        msg = f"The sandbox needs the package {error.name}: run `make setup`."
        if error.name == "bot.sandbox":
            msg = (
                "The image for clusters has no sandbox. Run `make sandbox` in a clone of meshmedic."
            )
        raise MeshmedicError(msg) from error
    log_setup.configure("info")
    scenario, kubeconfig, port = arguments.scenario, arguments.kubeconfig, arguments.port
    with suppress(KeyboardInterrupt):
        asyncio.run(open_sandbox(scenario, kubeconfig, port, sandbox_client))
    return 0
