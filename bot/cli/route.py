"""`meshmedic route`: change the routes in files, without a cluster."""

from __future__ import annotations

from bot.cli.parser import Parser, add_commands

COMMANDS = {
    "edit": "add nativeLB to the IngressRoutes of files",
    "convert": "make IngressRoutes with nativeLB of the Ingresses of files",
}


def add_arguments(parser: Parser) -> None:
    """The commands: `edit` and `convert`."""
    add_commands(parser, COMMANDS, "bot.cli.route_")
