"""`meshmedic doctor` and `/doctor` over the wire: each fault of either side, and its fix."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.sandbox.kubernetes_api import SimulatedCluster
from tests.builders import an_object
from tests.wire import endpoints
from tests.wire.bot_process import KUBERNETES_TOKEN, connected
from tests.wire.discord_server import DiscordServer
from tests.wire.doctor_process import IN_ALL, doctor, register
from tests.wire.world import APPROVERS, CHANNEL_ID, GUILD_ID, OLGA, SAM

GONE = 300_000_000_000_000_098


@pytest.fixture
def cluster() -> SimulatedCluster:
    """Empty but for a namespace: what runs in it does not matter here."""
    apps = an_object("Namespace", "apps", namespace="")
    return SimulatedCluster((apps,), token=KUBERNETES_TOKEN)


@pytest.fixture
def registered(server: DiscordServer) -> DiscordServer:
    """A Discord in which the commands of this version are registered."""
    return register(server)


async def test_a_set_up_without_a_fault_ends_with_0(
    registered: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """Both sides are named, with the people in their names."""
    code, said = await doctor(registered, cluster, tmp_path)
    assert code == 0, said
    assert "The bot is in Homelab." in said
    assert "Ada, the role approvers." in said
    asked = "/health, /why, /sites, /digest, /net, /traefik, /fix, /runbook, /doctor"
    assert f"{asked}, /mute, /ack, /unmute, /help, /setup." in said
    assert "v1.33.5+k3s1" in said
    assert "failed" not in said


async def test_what_the_bot_registers_is_what_the_doctor_expects(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """The bot's own registration, through Discord and back, shows no difference."""
    async with connected(server, cluster, tmp_path):
        code, said = await doctor(server, cluster, tmp_path)
    assert code == 0, said
    assert "They match this version" in said


def _public(server: DiscordServer) -> None:
    server.rest.application |= {"bot_public": True}


def _endpoint(server: DiscordServer) -> None:
    server.rest.application |= {"interactions_endpoint_url": "https://example.org/discord"}


def _message_content(server: DiscordServer) -> None:
    server.rest.application |= {"flags": 1 << 19}


def _another_token(server: DiscordServer) -> None:
    server.token = "another.token"


def _another_server(server: DiscordServer) -> None:
    server.rest.guilds = {"300000000000000077": {"id": "300000000000000077", "name": "Work"}}


def _no_scope(server: DiscordServer) -> None:
    server.fail(endpoints.LIST_COMMANDS, 403)


def _forgotten_command(server: DiscordServer) -> None:
    server.rest.commands = [each for each in server.rest.commands if each["name"] != "why"]


def _global_command(server: DiscordServer) -> None:
    server.rest.everywhere = [{"id": "1", "name": "old", "type": 1, "description": "."}]


def _no_files(server: DiscordServer) -> None:
    for role in server.rest.guilds[str(GUILD_ID)]["roles"]:
        if role["name"] == "meshmedic":
            role["permissions"] = str(int(role["permissions"]) & ~(1 << 15))


def _silent_channel(server: DiscordServer) -> None:
    deny = {"id": str(GUILD_ID), "type": 0, "allow": "0", "deny": str(1 << 11)}
    server.rest.guilds[str(GUILD_ID)]["channels"][0]["permission_overwrites"] = [deny]


class Fault(NamedTuple):
    """What is wrong in Discord, the exit code, what is told, and what to do."""

    spoil: Callable[[DiscordServer], None]
    code: int
    saw: str
    fix: str


@pytest.mark.parametrize(
    "fault",
    [
        Fault(_another_token, 1, "Discord refuses it (401).", "Reset Token"),
        Fault(_another_server, 1, "It is in Work (300000000000000077).", "meshmedic invite"),
        Fault(_no_scope, 1, "does not let the bot register commands", "meshmedic invite prints"),
        Fault(_forgotten_command, 1, "/why is missing", "Restart the bot"),
        Fault(_global_command, 0, "shown twice: /old", "delete the application's global commands"),
        Fault(_no_files, 1, "lacks Attach Files", "meshmedic invite prints"),
        Fault(_silent_channel, 0, "#ops lacks Send Messages", "Edit those channels"),
        Fault(_public, 0, "strangers may invite it", "Switch it off"),
        Fault(_endpoint, 1, "sends interactions to a web address", "Interactions Endpoint URL"),
        Fault(_message_content, 0, "Message Content Intent on", "Privileged Gateway Intents"),
    ],
    ids=lambda fault: fault.spoil.__name__,
)
async def test_each_fault_in_discord_has_its_fix(
    registered: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, fault: Fault
) -> None:
    """Warnings end with 0, failures with 1; the cluster's side is complete whatever happens."""
    fault.spoil(registered)
    code, said = await doctor(registered, cluster, tmp_path)
    assert code == fault.code, said
    assert fault.saw in said
    assert fault.fix in said
    assert "v1.33.5+k3s1" in said


@pytest.mark.parametrize(
    ("settings", "saw"),
    [
        ({"DISCORD_TOKEN": ""}, "MESHMEDIC_DISCORD_TOKEN is not set."),
        ({"GUILD_ID": ""}, "MESHMEDIC_GUILD_ID is not set."),
        ({"GUILD_ID": str(GONE)}, "It is in Homelab (300000000000000002)."),
        ({"APPROVERS": "", "VIEWERS": ""}, "nobody can use the bot"),
        ({"APPROVERS": f"role:{GONE}"}, f"role:{GONE} is not a role of this server"),
        ({"APPROVERS": str(APPROVERS)}, f"write role:{APPROVERS}"),
        ({"APPROVERS": "somebody"}, "MESHMEDIC_APPROVERS: 'somebody' is not an id"),
        ({"ALERT_CHANNEL": str(GONE)}, f"{GONE} is not a channel of this server"),
    ],
)
async def test_each_wrong_setting_is_named(
    registered: DiscordServer,
    cluster: SimulatedCluster,
    tmp_path: Path,
    settings: dict[str, str],
    saw: str,
) -> None:
    """The setting, and what is wrong with it."""
    code, said = await doctor(registered, cluster, tmp_path, **settings)
    assert code == 1, said
    assert saw in said
    assert "fix: " in said


async def test_a_thread_for_alerts_is_no_fault(
    registered: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """The bot posts there by its id, and the server's list of channels has no threads."""
    registered.rest.threads.append(str(GONE))
    code, said = await doctor(registered, cluster, tmp_path, ALERT_CHANNEL=str(GONE))
    assert code == 0, said
    assert f"{GONE} is a thread or a voice channel of this server." in " ".join(said.split())


async def test_the_channel_of_alerts_that_is_closed_to_the_bot_is_told_once(
    registered: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """With the setting that names it; the line for all channels leaves it out."""
    _silent_channel(registered)
    code, said = await doctor(registered, cluster, tmp_path, ALERT_CHANNEL=str(CHANNEL_ID))
    assert code == 1
    assert "The bot cannot post in #ops: it lacks Send Messages, Embed Links." in said
    assert "#ops lacks" not in said, said


async def test_somebody_who_left_is_a_warning(
    registered: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """Those who are there are still found."""
    code, said = await doctor(registered, cluster, tmp_path, APPROVERS=f"{SAM.id},{GONE}")
    assert code == 0
    assert f"{GONE} is not a member of this server" in said


async def test_everything_hangs_and_the_answer_still_comes(
    registered: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """In less than 15 seconds, with 3: nothing was seen, and nothing is called ok."""
    cluster.faults.hang = True
    registered.fail(endpoints.ME, delay=60, times=9)
    began = time.monotonic()
    code, said = await doctor(registered, cluster, tmp_path)
    assert time.monotonic() - began < IN_ALL
    assert code == 3, said
    assert " ok " not in said


@pytest.mark.parametrize(
    ("endpoint", "unseen"),
    [
        (endpoints.APPLICATION, "not seen application"),
        (endpoints.GUILD, "not seen server"),
        (endpoints.GUILD_CHANNELS, "not seen channels"),
        (endpoints.GUILD_MEMBER, "not seen server"),
        (endpoints.LIST_COMMANDS, "not seen commands"),
        (endpoints.LIST_EVERYWHERE, "not seen commands"),
    ],
)
async def test_a_question_that_hangs_hides_no_other(
    registered: DiscordServer, cluster: SimulatedCluster, tmp_path: Path, endpoint, unseen: str
) -> None:
    """Each endpoint of Discord in its turn; exit 3, and the token is known to be good."""
    registered.fail(endpoint, delay=60, times=99)
    began = time.monotonic()
    code, said = await doctor(registered, cluster, tmp_path)
    assert time.monotonic() - began < IN_ALL
    assert code == 3, said
    assert unseen in said
    assert "Discord lets the bot in" in said
    assert "v1.33.5+k3s1" in said


async def test_the_same_is_told_in_discord_by_the_connected_bot(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """Ephemeral, to an operator, within the limits of a message, and with a fault in it."""
    cluster.forbid("watch", "nodes")
    async with connected(server, cluster, tmp_path):
        handle = await server.slash("doctor", user=OLGA)
        answer = await handle.answer(IN_ALL)
    assert answer.text.startswith("## ❌ Something is wrong")
    assert "May not watch nodes." in answer.text
    assert "Discord: token, application, intents, server, permissions, this channel" in answer.text
    assert handle.ack_latency < 1
