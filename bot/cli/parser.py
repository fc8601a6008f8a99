"""The parser of the command line, and the options that several subcommands share."""

from __future__ import annotations

import argparse
import gc
import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from bot import __version__
from bot import log_setup as logs
from bot.domain.check import SCOPES
from bot.domain.verdict import Verdict

EXIT = {
    Verdict.HEALTHY: 0,
    Verdict.PROGRESSING: 0,
    Verdict.SUSPENDED: 1,
    Verdict.DEGRADED: 1,
    Verdict.FAILED: 2,
    Verdict.UNKNOWN: 3,
}
"""Exit codes by verdict. What progresses within its grace is fine; what is suspended is not."""

EXIT_CODES = "exit code: 0 healthy, 1 degraded or suspended, 2 failed, 3 unknown"

USAGE = 64
"""EX_USAGE of sysexits.h: argparse's own 2 would read as "failed"."""

COMMANDS = {
    "run": "answer on Discord, about the real cluster",
    "check": "run the health checks once",
    "sites": "which sites answer",
    "why": "explain one finding",
    "digest": "what changed since the last digest, and what is open",
    "judge": "check objects from files, without a cluster",
    "net": "test the network between the nodes",
    "traefik": "what Traefik serves, and what its logs show",
    "route": "fix the routes in files, without a cluster",
    "doctor": "examine the set-up: Discord, the cluster, permissions",
    "invite": "print the link that brings the bot into your server",
    "sandbox": "try the bot in a browser, without Discord",
    "schema": "print the JSON Schema of check --output json",
}
"""Every subcommand with its help. `bot.cli.NAME` adds its arguments and runs it."""


class Parser(argparse.ArgumentParser):
    """A parser whose `module` adds the arguments when its subcommand is chosen.

    So a process loads only what it needs. `add_arguments` sets `command`, a function from the
    parsed arguments to an exit code.
    """

    def __init__(self, *, module: str = "", **options: Any) -> None:
        super().__init__(**options)
        self._module = module

    def load(self) -> None:
        """Let the module add its arguments."""
        module, self._module = self._module, ""
        if module:
            # What is imported is never garbage: looking through it would only take time.
            gc.disable()
            importlib.import_module(module).add_arguments(self)
            gc.enable()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, with the arguments of the module."""
        self.load()
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Print the usage and the message without secrets, and exit."""
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {logs.shown(message)}\n")


def build_parser() -> Parser:
    """The parser of the whole command line."""
    parser = Parser(
        prog="meshmedic",
        description="Find out why your homelab is broken, see the evidence, and fix it.",
    )
    parser.add_argument("--version", action="version", version=f"meshmedic {__version__}")
    add_commands(parser, COMMANDS, "bot.cli.")
    return parser


def add_commands(parser: Parser, commands: Mapping[str, str], prefix: str) -> None:
    """Add subcommands, with their help, whose modules begin with a prefix."""
    group = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, text in commands.items():
        group.add_parser(name, help=text, module=f"{prefix}{name}")


def add_scopes(parser: Parser) -> None:
    """The scopes of a report."""
    parser.add_argument(
        "scope",
        nargs="*",
        choices=("all", *SCOPES),
        default="all",
        metavar="SCOPE",
        help=f"all (default) or {', '.join(SCOPES)}",
    )


def scopes(arguments: argparse.Namespace) -> tuple[str, ...]:
    """The scopes that were named; none means all."""
    return () if "all" in arguments.scope else tuple(arguments.scope)


def add_files(parser: Parser) -> None:
    """The files with objects that are read."""
    parser.add_argument("file", nargs="+", help="YAML or JSON; - for standard input")


def add_output(parser: Parser) -> None:
    """The format of the answer."""
    parser.add_argument("--output", "-o", choices=("text", "json"), default="text")


def add_cluster(parser: Parser, *, namespace: bool = False) -> None:
    """The cluster that is asked, and the one namespace of it where that can be chosen."""
    if namespace:
        parser.add_argument("--namespace", "-n", help="only this namespace")
    parser.add_argument("--kubeconfig", type=Path, help="default: $KUBECONFIG or ~/.kube/config")
    parser.add_argument("--context", help="the kubeconfig's context to use")


def add_answer(parser: Parser, *, namespace: bool = False) -> None:
    """The format of the answer, and the cluster that is asked."""
    add_output(parser)
    add_cluster(parser, namespace=namespace)
