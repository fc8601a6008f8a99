"""`meshmedic doctor` as a process, between a simulated cluster and a local Discord."""

from pathlib import Path
from ssl import SSLContext

from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from commands.registry import definitions
from tests.wire.bot_process import KUBERNETES_TOKEN, leaked
from tests.wire.discord_server import DiscordServer
from tests.wire.launcher import STRICT
from tests.wire.processes import started
from tests.wire.world import ADA, APPROVERS, GUILD_ID, TOKEN, VIEWERS

IN_ALL = 15.0
"""Seconds that the whole may take, whatever hangs."""


def register(server: DiscordServer) -> DiscordServer:
    """Register the commands of this version, as the bot does when it starts."""
    server.rest.commands = [dict(each) for each in definitions()]
    return server


async def doctor(
    server: DiscordServer,
    cluster: SimulatedCluster,
    folder: Path,
    *,
    certificates: tuple[bytes, SSLContext] | None = None,
    strict: bool = False,
    **settings: str,
) -> tuple[int, str]:
    """Its exit code, and what it prints in one line; no secret in it, no padding and no colour."""
    given = {
        "DISCORD_TOKEN": TOKEN,
        "GUILD_ID": str(GUILD_ID),
        "VIEWERS": f"role:{VIEWERS}",
        "APPROVERS": f"{ADA.id},role:{APPROVERS}",
    } | settings
    named = {f"MESHMEDIC_{name}": value for name, value in given.items() if value}
    ca, context = certificates or (None, None)
    named |= {STRICT: "1"} if strict else {}
    async with serve(cluster, ssl=context) as url:
        write_kubeconfig(folder / "kubeconfig", url, KUBERNETES_TOKEN, ca=ca)
        named |= {"MESHMEDIC_KUBECONFIG": str(folder / "kubeconfig"), "COLUMNS": "80"}
        async with started(server, "doctor", environment=named) as running:
            code, printed = await running.ended(2 * IN_ALL)
    assert leaked(printed) == []
    assert "Traceback" not in printed
    assert [line for line in printed.splitlines() if line != line.rstrip() or "\x1b" in line] == []
    return code, " ".join(printed.split())
