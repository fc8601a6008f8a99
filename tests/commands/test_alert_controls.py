"""What stands under an alert: why, acknowledge, mute for a time, unmute, and fix."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from bot.alerting.domain.incident import Incident, Silence
from bot.domain.finding import Ref
from commands.alerts import controls
from commands.alerts.controls import TIMES
from tests.alerting.crashing import CRASHING, an_incident
from tests.builders import a_pod
from tests.commands.conftest import Room, code_in, message, said

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=4)
OPEN = an_incident(NOW)
BY_OLGA = Silence("olga", LATER)


def labels(incident: Incident) -> list[str]:
    """What can be pressed or chosen, in order."""
    rows = [row.to_component_dict()["components"] for row in controls.rows(incident)]
    return [part.get("label") or part["placeholder"] for row in rows for part in row]


@pytest.mark.parametrize(
    ("incident", "offered"),
    [
        (OPEN, ["Why", "Acknowledge", "Mute for…"]),
        (with_fields(OPEN, silence=BY_OLGA), ["Why", "Unmute"]),
        (with_fields(OPEN, silence=Silence("olga", LATER, acknowledged=True)), ["Why", "Unmute"]),
        (with_fields(OPEN, silence=Silence("olga", LATER, within="namespace media")), ["Why"]),
        (with_fields(OPEN, silence=Silence(reason="muted by the annotation")), ["Why"]),
        (
            with_fields(OPEN, repairs=("ingressroute/media/jellyfin",)),
            ["Why", "Acknowledge", "Fix…", "Mute for…"],
        ),
        (
            with_fields(OPEN, repairs=("ingressroute/media/a", "ingressroute/media/b")),
            ["Why", "Acknowledge", "Fix… (choose a route)", "Mute for…"],
        ),
        (with_fields(OPEN, repairs=(f"ingressroute/media/{'a' * 99}",)), labels(OPEN)),
        (with_fields(OPEN, ended=NOW), []),
        (with_fields(OPEN, ended=NOW, silence=BY_OLGA, repairs=("ingress/media/a",)), []),
    ],
)
def test_an_alert_offers_what_can_be_done_now_and_nothing_once_it_is_over(
    incident: Incident, offered: list[str]
) -> None:
    """Only what was muted by itself can be unmuted here: a namespace is muted for others too."""
    assert labels(incident) == offered


async def an_alert(room: Room, incident: Incident | None = None) -> tuple[Any, str]:
    """A message with the controls of an alert, about a pod that is broken now; and its code."""
    room.cluster.set([a_pod("web", waiting="CrashLoopBackOff")])
    report = await room.viewer.slash(room.channel, "health pods")
    code = code_in(report)
    shown = message(report)
    stored = room.env.backend.get_message(room.channel.id, shown.id)
    subject = Ref("Pod", "apps", "web")
    one = incident or with_fields(OPEN, head=with_fields(CRASHING, subject=subject))
    assert one.head.code == code or incident
    stored.components = [row.to_component_dict() for row in controls.rows(one)]
    return shown, code


async def test_why_shows_the_story_to_the_one_who_asks(room: Room) -> None:
    alert, _ = await an_alert(room)
    story = await room.viewer.click(alert, label="Why")
    assert "web" in said(story)
    assert "kubectl get pods" in said(story)
    assert message(story).flags.ephemeral
    room.cluster.set([a_pod("web")])
    assert "This problem is gone" in said(await room.viewer.click(alert, label="Why"))


async def test_a_stranger_and_a_viewer_may_not_mute(room: Room) -> None:
    alert, code = await an_alert(room)
    for person in (room.stranger, room.viewer):
        for refused in (
            await person.select(alert, ["4h"], custom_id=f"meshmedic:alert:mute-for:{code}"),
            await person.click(alert, label="Acknowledge"),
        ):
            assert "operator" in said(refused) or "viewer" in said(refused)
    assert "Nothing is muted" in said(await room.viewer.slash(room.channel, "mute list"))


async def test_an_operator_mutes_for_a_chosen_time(room: Room) -> None:
    """Each time that is offered can be read; who sends the click may send any other."""
    alert, code = await an_alert(room)
    select = f"meshmedic:alert:mute-for:{code}"
    for time in TIMES:
        muted = said(await room.operator.select(alert, [time], custom_id=select))
        assert "muted by olga until <t:" in muted


async def test_an_operator_acknowledges_and_unmutes(room: Room) -> None:
    alert, _ = await an_alert(room)
    assert "acknowledged by olga" in said(await room.operator.click(alert, label="Acknowledge"))
    stored = room.env.backend.get_message(room.channel.id, alert.id)
    quiet = with_fields(
        OPEN, silence=BY_OLGA, head=with_fields(CRASHING, subject=Ref("Pod", "apps", "web"))
    )
    stored.components = [row.to_component_dict() for row in controls.rows(quiet)]
    ended = said(await room.operator.click(alert, label="Unmute"))
    assert "is no longer acknowledged" in ended
    assert "No mute of" in said(await room.operator.click(alert, label="Unmute"))
