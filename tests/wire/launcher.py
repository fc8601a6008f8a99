"""Starts the unchanged bot as a process of its own that speaks to a local Discord.

    python -m tests.wire.launcher run

`WIRE_REST_BASE` and `WIRE_GATEWAY` hold the two addresses, `SSL_CERT_FILE` the CA, which Python
reads by itself. `WIRE_MODULE` names another module with a `main(argv)` than the bot's own. With
`WIRE_STRICT` certificates are verified as Python 3.13 does.
"""

import importlib
import os
import ssl
import sys
from collections.abc import Mapping
from typing import Any

from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.wire.discord_server import DiscordServer
from tests.wire.pointing import WouldReachDiscordError, point

REST_BASE = "WIRE_REST_BASE"
GATEWAY = "WIRE_GATEWAY"
MODULE = "WIRE_MODULE"
CA = "SSL_CERT_FILE"
STRICT = "WIRE_STRICT"
REFUSED = 78
"""EX_CONFIG of sysexits.h: the bot itself never exits with it."""


def variables(server: DiscordServer, module: str = "bot.__main__") -> dict[str, str]:
    """The environment that leads a process to this server."""
    return {
        REST_BASE: server.rest_base,
        GATEWAY: server.gateway.url,
        CA: str(server.ca_file),
        MODULE: module,
    }


def prepare(environment: Mapping[str, str]) -> None:
    """Point the library at the server that the environment names.

    Raises:
        WouldReachDiscordError: Something is missing, or an address is not local.
    """
    if not environment.get(CA):
        msg = f"{CA} is not set"
        raise WouldReachDiscordError(msg)
    point(environment.get(REST_BASE, ""), environment.get(GATEWAY, ""))
    # Said by the library itself: what it would use now.
    if "discord" in f"{Route.BASE} {DiscordWebSocket.DEFAULT_GATEWAY}":
        msg = f"the library still has {Route.BASE} and {DiscordWebSocket.DEFAULT_GATEWAY}"
        raise WouldReachDiscordError(msg)


def verify_strictly() -> None:
    """Let this process verify as the image's Python 3.13 does, whichever Python it runs on."""
    usual = ssl.create_default_context

    def strict(*arguments: Any, **options: Any) -> ssl.SSLContext:
        context = usual(*arguments, **options)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    ssl.create_default_context = strict


def main() -> None:
    """Point, then hand over to the bot."""
    try:
        prepare(os.environ)
    except WouldReachDiscordError as error:
        print(f"launcher: {error}", file=sys.stderr)  # noqa: T201  # a process of its own
        sys.exit(REFUSED)
    if os.environ.get(STRICT):
        verify_strictly()
    importlib.import_module(os.environ.get(MODULE, "bot.__main__")).main(sys.argv[1:])


if __name__ == "__main__":
    main()
