"""`meshmedic schema`: the JSON Schema of an answer."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bot.cli.parser import Parser
from bot.digest.views import json as digest
from bot.doctor.views import json as doctor
from bot.health.views import json as health
from bot.health.views import story_json
from bot.net.views import json as net
from bot.render import terminal
from bot.render.json_text import indented
from bot.sites.views import json as sites
from bot.traefik.views import json as traefik

SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "report": health.schema,
    "why": story_json.schema,
    "sites": sites.schema,
    "traefik": traefik.schema,
    "digest": digest.schema,
    "diagnosis": partial(net.schema, net.DIAGNOSIS),
    "diagnoses": partial(net.schema, net.DIAGNOSES),
    "matrix": partial(net.schema, net.MATRIX),
    "net-test": partial(net.schema, net.REQUEST),
    "doctor": doctor.schema,
}
"""By the name of the page: `docs/NAME.schema.json`."""


def add_arguments(parser: Parser) -> None:
    """The answer."""
    parser.explain("meshmedic schema", "meshmedic schema doctor", codes="")
    parser.add_argument(
        "answer",
        nargs="?",
        default="report",
        choices=tuple(SCHEMAS),
        metavar="ANSWER",
        help=f"{', '.join(SCHEMAS)} (default: report, which is that of check)",
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the schema."""
    terminal.write(indented(SCHEMAS[arguments.answer]()))
    return 0
