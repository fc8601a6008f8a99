"""The whole bot as a process: a simulated cluster on one side, a local Discord on the other."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from bot.sandbox.opening import find
from bot.sandbox.scenarios.hostile import FAKE_TOKEN
from tests.wire.discord_server import DiscordServer
from tests.wire.interactions import Answer
from tests.wire.processes import Running, started
from tests.wire.world import APPROVERS, GUILD_ID, OPERATORS, TOKEN, VIEWERS

KUBERNETES_TOKEN = "made-up-kubernetes-token"

SECRETS = (TOKEN, KUBERNETES_TOKEN, "made-up-interaction-token", FAKE_TOKEN)
"""What nobody may read in the log: an interaction's token lets its holder answer for the bot."""


def a_cluster(scenario: str = "homelab") -> SimulatedCluster:
    """A cluster that plays a scenario and asks for the token."""
    homelab = find(scenario).build(datetime.now(UTC))
    cluster = SimulatedCluster(homelab.objects, token=KUBERNETES_TOKEN)
    homelab.prepare(cluster)
    return cluster


FOUND = (
    "nextcloud-tls",
    "immich-machine-learning",
    "paperless-env",
    "forgejo.lab.example.org",
    "home-assistant.lab.example.org",
)
"""What is wrong in the scenario homelab, by the names that a report calls it."""


def settings_of(kubeconfig: Path, token: str = TOKEN) -> dict[str, str]:
    """What `run` is told about both."""
    return {
        "MESHMEDIC_DISCORD_TOKEN": token,
        "MESHMEDIC_GUILD_ID": str(GUILD_ID),
        "MESHMEDIC_VIEWERS": f"role:{VIEWERS}",
        "MESHMEDIC_OPERATORS": f"role:{OPERATORS}",
        "MESHMEDIC_APPROVERS": f"role:{APPROVERS}",
        "MESHMEDIC_KUBECONFIG": str(kubeconfig),
    }


@asynccontextmanager
async def starting(
    server: DiscordServer,
    cluster: SimulatedCluster,
    folder: Path,
    *,
    token: str = TOKEN,
    more: Mapping[str, str] | None = None,
) -> AsyncIterator[Running]:
    """`meshmedic run`, told about both and `more` settings; it may not be connected yet."""
    kubeconfig = folder / "kubeconfig"
    settings = settings_of(kubeconfig, token)
    async with serve(cluster) as url:
        write_kubeconfig(kubeconfig, url, KUBERNETES_TOKEN)
        async with started(server, "run", environment=settings | dict(more or {})) as running:
            yield running


@asynccontextmanager
async def connected(
    server: DiscordServer, cluster: SimulatedCluster, folder: Path
) -> AsyncIterator[Running]:
    """The same, once Discord has welcomed it."""
    async with starting(server, cluster, folder) as running:
        await server.connected(15)
        yield running


def leaked(printed: str) -> list[str]:
    """The secrets that stand in what a process printed."""
    return [secret for secret in SECRETS if secret in printed]


async def health(server: DiscordServer) -> Answer:
    """Somebody asks, and gets the report."""
    return await (await server.slash("health", "all")).answer()


def control(answer: Answer, kind: str) -> str:
    """The id of the report's select (drill) or button (export)."""
    (found,) = (each for each in answer.custom_ids if each.startswith(f"meshmedic:{kind}:"))
    return found


def offered(answer: Answer) -> list[str]:
    """The values of the report's select."""
    (select,) = (each for each in answer.components if each.get("options"))
    return [each["value"] for each in select["options"]]


async def suggested(server: DiscordServer, *command: str, focused: str, typed: str) -> list[str]:
    """What autocomplete offers."""
    handle = await server.autocomplete(*command, focused=focused, typed=typed)
    return [each["value"] for each in (await handle.answer()).choices]
