"""`meshmedic help`: explain a command."""

from __future__ import annotations

import argparse

from bot.cli.parser import COMMANDS, Parser, build_parser, printing_help, wrong


def add_arguments(parser: Parser) -> None:
    """The command, in as many words as it has."""
    parser.explain("meshmedic help check", "meshmedic help net diagnose", codes="")
    parser.add_argument("topic", nargs="*", metavar="COMMAND", help="the command to explain")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the help of a command, else of all."""
    parser = build_parser()
    for word in arguments.topic:
        parser.load()
        choices = commands_of(parser)
        if word not in choices:
            parser.error(wrong(word, "command", choices or COMMANDS))
        parser = choices[word]
    return printing_help(parser)(arguments)


def commands_of(parser: Parser) -> dict[str, Parser]:
    """The commands below a parser, by name; none where it is one itself."""
    return {name: command for group in groups_of(parser) for name, command in group.choices.items()}


def groups_of(parser: Parser) -> list[argparse._SubParsersAction[Parser]]:
    """What argparse keeps the commands below a parser in; it has no public way to them."""
    parser.load()
    return [
        action
        for action in parser._actions  # noqa: SLF001  # as above
        if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001
    ]
