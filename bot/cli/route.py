"""`meshmedic route`: change the routes in files, without a cluster."""

from __future__ import annotations

from bot.cli.parser import Parser, add_commands

COMMANDS = {
    "edit": "Add nativeLB to the IngressRoutes in files",
    "convert": "Convert the Ingresses in files to IngressRoutes with nativeLB",
}


def add_arguments(parser: Parser) -> None:
    """The commands: `edit` and `convert`."""
    add_commands(parser, COMMANDS, "bot.cli.route_")
