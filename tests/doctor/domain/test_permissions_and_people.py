"""What the bot may do in Discord, and whether those whom the settings name are there."""

from dataclasses import replace

import pytest

from bot.doctor.domain import people, permissions
from bot.doctor.domain.diagnostic import Diagnostic
from bot.doctor.domain.diagnostic import DiagnosticOutcome as Outcome
from bot.doctor.domain.facts import Channel, Use
from bot.domain.authorization import Members, Roles
from bot.domain.facts import Denied
from bot.domain.refusal import NotObserved
from tests.doctor.domain.seen import DISCORD, GUILD, NEEDED, NOBODY, SERVER, SETUP, VERA, VIEWERS


def permitted(**changes: object) -> dict[str, Diagnostic]:
    found = permissions.examine(replace(SERVER, **changes))  # type: ignore[arg-type]
    return {each.name: each for each in found}


def test_what_was_asked_for_at_the_invitation_is_enough():
    """Role and channels are ok."""
    assert {each.outcome for each in permitted().values()} == {Outcome.OK}


@pytest.mark.parametrize("each", permissions.PERMISSIONS, ids=lambda each: each.flag)
def test_a_missing_permission_is_named_with_its_feature(each: permissions.Permission):
    """It fails where a command of today needs it; else it warns."""
    given = frozenset(each.flag for each in permissions.PERMISSIONS) - {each.flag}
    server = replace(SERVER, permissions=given)
    found = {each.name: each for each in permissions.examine(server, uses=list(Use))}["permissions"]
    assert found.outcome is (Outcome.FAILED if each.vital else Outcome.WARNING)
    assert each.title in found.observation
    assert each.feature in found.observation
    assert "meshmedic invite" in found.fix


def test_threads_and_pins_are_asked_for_where_the_settings_use_them():
    """Without alerts and a board nobody is troubled by them."""
    assert {each.flag for each in permissions.needed(())} == NEEDED
    told = next(iter(permissions.examine(SERVER, uses=[Use.ALERTS])))
    assert told.outcome is Outcome.WARNING
    assert "Create Public Threads" in told.observation
    assert "Pin" not in told.observation


def test_an_administrator_can_do_all_and_that_is_too_much():
    """Nothing is said to be missing, and the surplus is a warning."""
    found = permitted(permissions=frozenset({"administrator"}))["permissions"]
    assert found.outcome is Outcome.WARNING
    assert "Take Administrator" in found.fix


def test_a_channel_that_takes_a_permission_away_is_named():
    """A channel that the bot cannot view is its owner's choice and no fault."""
    short = Channel("alerts", NEEDED - {"send_messages"})
    hidden = Channel("private", frozenset())
    found = permitted(channels=(Channel("ops", NEEDED), short, hidden))["channels"]
    assert found.outcome is Outcome.WARNING
    assert found.observation == "#alerts lacks Send Messages."
    assert "Edit those channels" in found.fix
    fine = permitted(channels=(Channel("ops", NEEDED), hidden))["channels"]
    assert fine.outcome is Outcome.OK
    assert "1 of 2" in fine.observation


def test_a_bot_that_sees_no_channel_is_warned_about():
    """It answers, and can post nowhere."""
    found = permitted(channels=(Channel("private", frozenset()),))["channels"]
    assert found.outcome is Outcome.WARNING
    assert "0 of 1" in found.observation
    assert "View Channels" in found.fix


def test_channels_that_could_not_be_read_are_not_ok():
    """Nobody knows."""
    assert permitted(channels=NotObserved("500"))["channels"].outcome is Outcome.UNOBSERVED


def test_where_somebody_asks_is_examined_by_itself():
    """`/doctor` tells what is missing in that very channel."""
    here = Channel("ops", NEEDED - {"attach_files"})
    found = {each.name: each for each in permissions.examine(SERVER, here)}["this channel"]
    assert found.outcome is Outcome.FAILED
    assert "In #ops" in found.observation
    assert "Attach Files" in found.observation
    assert "Edit this channel" in found.fix


def role(members: Members, /, **changes: object) -> Diagnostic:
    setup = replace(SETUP, roles=Roles(approvers=members))
    facts = replace(DISCORD, **changes)  # type: ignore[arg-type]
    return {each.name: each for each in people.examine(facts, setup)}["approvers"]


def test_people_and_roles_that_exist_are_ok_by_their_names():
    """Names are what a person checks, not numbers."""
    found = {each.name: each for each in people.examine(DISCORD, SETUP)}
    assert found["viewers"].observation == "the role viewers."
    assert found["operators"].observation == "Vera."
    assert {each.outcome for each in found.values()} == {Outcome.OK}


@pytest.mark.parametrize(
    ("members", "known", "outcome", "saw"),
    [
        (Members(roles=frozenset({NOBODY})), {}, Outcome.FAILED, f"role:{NOBODY} is not a role"),
        (Members(roles=frozenset({GUILD})), {}, Outcome.WARNING, "is @everyone"),
        (
            Members(frozenset({NOBODY})), {NOBODY: Denied("404")},
            Outcome.WARNING, f"{NOBODY} is not a member of this server",
        ),
        (Members(frozenset({VIEWERS})), {}, Outcome.FAILED, f"write role:{VIEWERS}"),
    ],
)  # fmt: skip
def test_each_wrong_id_is_named_with_how_to_get_the_right_one(
    members: Members, known: dict[int, Denied], outcome: Outcome, saw: str
):
    """A role that is gone, everybody's role, somebody who left, a role written as a person."""
    found = role(members, members=known)
    assert found.outcome is outcome
    assert saw in found.observation
    assert found.observation.startswith("MESHMEDIC_APPROVERS: ")
    assert "copy its id, and set MESHMEDIC_APPROVERS" in found.fix


def test_a_person_who_could_not_be_looked_up_is_not_ok():
    """Nor is a role where the server could not be read."""
    assert role(Members(frozenset({VERA})), members={}).outcome is Outcome.UNOBSERVED
    lost = role(Members(roles=frozenset({VIEWERS})), server=NotObserved("500"))
    assert lost.outcome is Outcome.UNOBSERVED


def test_one_wrong_id_is_not_hidden_by_one_that_could_not_be_looked_up():
    """The worst of a role counts, and all of it is said."""
    members = Members(frozenset({VERA}), frozenset({NOBODY}))
    found = role(members, members={VERA: NotObserved("500")})
    assert found.outcome is Outcome.FAILED
    assert "could not be looked up" in found.observation


def test_circles_without_anybody_fail():
    """Nobody may ask, so nothing works."""
    (found,) = people.examine(DISCORD, replace(SETUP, roles=Roles()))
    assert found.outcome is Outcome.FAILED
    assert "MESHMEDIC_APPROVERS" in found.fix
