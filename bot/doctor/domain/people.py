"""Whether the people and roles of the settings exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.doctor.domain.diagnostic import Area, Diagnostic, DiagnosticOutcome, Topic
from bot.doctor.domain.facts import DiscordFacts, DiscordServerFacts, Setup
from bot.domain.authorization import Members, Roles
from bot.domain.facts import Denied
from bot.domain.sentences import listed

IDS = "Right-click the person or role in Discord (with Developer Mode on), copy its id"


def user_ids(roles: Roles) -> tuple[int, ...]:
    """Every user id that the settings hold."""
    users = {user for members in _by_name(roles).values() for user in members.users}
    return tuple(sorted(users))


def examine(facts: DiscordFacts, setup: Setup) -> Iterator[Diagnostic]:
    """One diagnostic for viewers, for operators and for approvers."""
    roles = _by_name(setup.roles)
    if not any(roles.values()):
        observation = "No role has any members, so nobody can use the bot."
        fix = f"{IDS}, and set MESHMEDIC_APPROVERS."
        yield Topic(Area.DISCORD, "people").failed(observation, fix)
        return
    for name, members in roles.items():
        yield _circle(name, members, facts)


EMPTY = {
    "viewers": "Not set, so only operators and approvers may look.",
    "operators": "Not set, so only approvers may run probes and read logs.",
    "approvers": "Not set, so nobody can approve a change.",
}
"""What it means that a role has no members: each role includes the one after it."""


def _by_name(roles: Roles) -> Mapping[str, Members]:
    return {
        "viewers": roles.viewers,
        "operators": roles.operators,
        "approvers": roles.approvers,
    }


def _circle(name: str, members: Members, facts: DiscordFacts) -> Diagnostic:
    topic = Topic(Area.DISCORD, name)
    if not members:
        return topic.note(EMPTY[name])
    entries = [*_users(members, facts), *_roles(members, facts)]
    wrong = [(outcome, text) for outcome, text in entries if outcome is not DiagnosticOutcome.OK]
    if not wrong:
        return topic.ok(f"{listed(text for _, text in entries)}.")
    setting = f"MESHMEDIC_{name.upper()}"
    observation = f"{setting}: {listed(text for _, text in wrong)}."
    fix = f"{IDS}, and set {setting} (a role as role:ID)."
    outcomes = {outcome for outcome, _ in wrong}
    if DiagnosticOutcome.FAILED in outcomes:
        return topic.failed(observation, fix)
    if DiagnosticOutcome.UNOBSERVED in outcomes:
        return topic.unobserved(observation)
    return topic.warning(observation, fix)


def _users(members: Members, facts: DiscordFacts) -> Iterator[tuple[DiagnosticOutcome, str]]:
    roles = facts.server.roles if isinstance(facts.server, DiscordServerFacts) else {}
    for user in sorted(members.users):
        name = facts.members.get(user)
        if user in roles:
            text = f"{user} is the role {roles[user]}: write role:{user}"
            yield DiagnosticOutcome.FAILED, text
        elif isinstance(name, Denied):
            yield DiagnosticOutcome.WARNING, f"{user} is not a member of this server"
        elif isinstance(name, str):
            yield DiagnosticOutcome.OK, name
        else:
            yield DiagnosticOutcome.UNOBSERVED, f"{user} could not be looked up"


def _roles(members: Members, facts: DiscordFacts) -> Iterator[tuple[DiagnosticOutcome, str]]:
    server = facts.server
    if not isinstance(server, DiscordServerFacts):
        if members.roles:
            yield DiagnosticOutcome.UNOBSERVED, "the roles could not be read"
        return
    for role in sorted(members.roles):
        if role == server.id:
            yield DiagnosticOutcome.WARNING, f"role:{role} is @everyone, so anybody may"
        elif role in server.roles:
            yield DiagnosticOutcome.OK, f"the role {server.roles[role]}"
        else:
            yield DiagnosticOutcome.FAILED, f"role:{role} is not a role of this server"
