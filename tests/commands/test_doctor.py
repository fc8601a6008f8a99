"""`/doctor`, as people use it in Discord."""

import pytest

from bot.doctor.domain.facts import LeaseFacts
from tests.commands.conftest import GUILD, Room, said
from tests.doctor.domain.seen import a_cluster
from tests.render.discord_markdown import read


@pytest.fixture(autouse=True)
def well(room: Room) -> None:
    room.cluster.examined = a_cluster()


async def test_an_operator_alone_sees_how_the_set_up_is(room: Room):
    """Ephemeral, and by the live connection: server, roles, commands as they are in Discord."""
    result = await room.operator.slash(room.channel, "doctor")
    assert result.ephemeral
    answer = said(result)
    assert "Discord: token, " in answer
    assert " server," in answer
    assert " commands" in answer
    assert "Permissions in the cluster: nodes, connectivity, pods, " in answer
    assert "Optional, and not installed." in answer


async def test_a_viewer_and_a_stranger_are_refused(room: Room):
    """It tells how the cluster is guarded."""
    for person in (room.viewer, room.stranger):
        refused = await person.slash(room.channel, "doctor")
        assert refused.ephemeral
        assert "operator role" in said(refused)
        assert "Discord" not in said(refused)


async def test_a_missing_permission_of_the_cluster_is_told_with_its_fix(room: Room):
    """The check, the permission, the component."""
    facts = a_cluster()
    refused = {right: right.resource != "nodes" for right in facts.rights}
    room.cluster.examined = a_cluster(rights=refused)
    answer = said(await room.operator.slash(room.channel, "doctor"))
    assert answer.startswith("## ❌ Something is wrong")
    assert "May not list and watch nodes." in answer
    assert "→ Apply deploy/base again" in answer


async def test_a_command_that_discord_lost_is_told(room: Room):
    """The registered commands are compared with those of this version, over the connection."""
    registered = room.env.backend.commands[GUILD]
    del registered[next(key for key, each in registered.items() if each["name"] == "why")]
    answer = said(await room.operator.slash(room.channel, "doctor"))
    assert "/why is missing" in answer
    assert "→ Restart the bot" in answer


async def test_a_role_that_was_deleted_is_told_with_its_setting(room: Room):
    """The settings still name it."""
    room.roles.roles["approvers"] = 100_000_000_000_009_999  # type: ignore[attr-defined]
    answer = said(await room.operator.slash(room.channel, "doctor"))
    sentence = "MESHMEDIC_APPROVERS: role:100000000000009999 is not a role of this server."
    assert sentence in read(answer).text


async def test_a_cluster_that_nothing_is_known_of_hides_nothing_of_discord(room: Room):
    """Not seen is said once for all that was not, and Discord's side is complete."""
    room.cluster.examined = type(room.cluster)().examined
    answer = said(await room.operator.slash(room.channel, "doctor"))
    assert answer.count("Nobody laid out what it says.") <= 6
    assert "Discord: token, " in answer


async def test_who_acts_is_told_to_an_operator(room: Room):
    """And a Lease that nobody renews is the first thing to read."""
    room.cluster.examined = a_cluster(lease=LeaseFacts("meshmedic-1_a", 600.0, 30))
    answer = said(await room.operator.slash(room.channel, "doctor"))
    assert answer.startswith("## ❌ Something is wrong")
    assert "No process leads: meshmedic-1_a last renewed the Lease 600 s ago." in read(answer).text
    assert "→ Check the bot's pods" in answer
