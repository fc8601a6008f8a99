"""Whether the people and roles of the settings exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.doctor.domain.examination import Area, Examination, Outcome, listed
from bot.doctor.domain.facts import DiscordFacts, DiscordServerFacts, Setup
from bot.domain.authorization import Circles, Members
from bot.domain.facts import Denied
from bot.domain.refusal import NotObserved

CIRCLES = ("viewers", "operators", "approvers")
IDS = "Right-click the person or role in Discord (with Developer Mode on), copy its id"


def named(circles: Circles) -> tuple[int, ...]:
    """Every user id that the settings hold."""
    users = {user for circle in CIRCLES for user in _members(circles, circle).users}
    return tuple(sorted(users))


def examine(facts: DiscordFacts, setup: Setup) -> Iterator[Examination]:
    """One examination a circle."""
    if not any(_members(setup.circles, circle) for circle in CIRCLES):
        saw = "No circle has anybody, so nobody may ask."
        yield _said("people", Outcome.FAILED, saw, f"{IDS}, and set MESHMEDIC_APPROVERS.")
        return
    for circle in CIRCLES:
        yield _circle(circle, _members(setup.circles, circle), facts)


def _circle(circle: str, members: Members, facts: DiscordFacts) -> Examination:
    if not members:
        return _said(circle, Outcome.NOTE, "Nobody, by the settings.")
    server = facts.server if isinstance(facts.server, DiscordServerFacts) else None
    told = _people(members, facts.members, server.roles if server else {})
    if server:
        told += _roles(members, server)
    elif members.roles:
        told.append((Outcome.UNSEEN, "the roles could not be read"))
    setting = f"MESHMEDIC_{circle.upper()}"
    bad = [(outcome, words) for outcome, words in told if outcome is not Outcome.OK]
    if not bad:
        return _said(circle, Outcome.OK, f"{listed(words for _, words in told)}.")
    order = (Outcome.FAILED, Outcome.UNSEEN, Outcome.WARNING)
    worst = min((outcome for outcome, _ in bad), key=order.index)
    saw = f"{setting}: {listed(words for _, words in bad)}."
    fix = "" if worst is Outcome.UNSEEN else f"{IDS}, and set {setting} (a role as role:ID)."
    return _said(circle, worst, saw, fix)


def _people(
    members: Members,
    known: Mapping[int, str | Denied | NotObserved],
    roles: Mapping[int, str],
) -> list[tuple[Outcome, str]]:
    told = []
    for user in sorted(members.users):
        found = known.get(user, NotObserved("it was not asked for"))
        if user in roles:
            told.append((Outcome.FAILED, f"{user} is the role {roles[user]}: write role:{user}"))
        elif isinstance(found, NotObserved):
            told.append((Outcome.UNSEEN, f"{user} could not be looked up"))
        elif isinstance(found, Denied):
            told.append((Outcome.WARNING, f"{user} is nobody in this server"))
        else:
            told.append((Outcome.OK, found))
    return told


def _roles(members: Members, server: DiscordServerFacts) -> list[tuple[Outcome, str]]:
    told = []
    for role in sorted(members.roles):
        if role == server.id:
            told.append((Outcome.WARNING, f"role:{role} is @everyone, so anybody may"))
        elif role not in server.roles:
            told.append((Outcome.FAILED, f"role:{role} is no role of this server"))
        else:
            told.append((Outcome.OK, f"the role {server.roles[role]}"))
    return told


def _members(circles: Circles, circle: str) -> Members:
    found: Members = getattr(circles, circle)
    return found


def _said(name: str, outcome: Outcome, saw: str, fix: str = "") -> Examination:
    return Examination(Area.DISCORD, name, outcome, saw, fix)
