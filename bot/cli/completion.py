"""`meshmedic completion`: a script with which a shell completes commands and options."""

from __future__ import annotations

import argparse

import shtab

from bot.cli.help import commands_of, groups_of
from bot.cli.parser import Parser, build_parser
from bot.render import terminal


def add_arguments(parser: Parser) -> None:
    """The shell."""
    parser.explain(
        "source <(meshmedic completion bash)                        # in this shell",
        "meshmedic completion bash > ~/.local/share/bash-completion/completions/meshmedic",
        'meshmedic completion zsh > "${fpath[1]}/_meshmedic"',
        codes="",
    )
    parser.add_argument(
        "shell",
        choices=tuple(shtab.SUPPORTED_SHELLS),
        metavar="SHELL",
        help=", ".join(shtab.SUPPORTED_SHELLS),
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the script."""
    parser = build_parser()
    _load(parser)
    terminal.write(f"{shtab.complete(parser, arguments.shell)}\n".encode())
    return 0


def _load(parser: Parser) -> None:
    """Let every command add its arguments, since the script knows them all."""
    for group in groups_of(parser):
        # Left out of the help, which lists the commands itself, but not of the script.
        group.help = ""
    for command in commands_of(parser).values():
        _load(command)
