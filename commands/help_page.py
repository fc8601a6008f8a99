"""The page of `/help`: what a person with a role can ask, by example, on one phone screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.authorization import Role
from bot.render import cards as render


@dataclass(frozen=True, slots=True)
class Example:
    """A question in a few words, a command that answers it, and the role that it needs."""

    question: str
    command: str
    role: Role = Role.VIEWER


EXAMPLES = (
    Example("What's wrong?", "/health all"),
    Example("Why is this broken?", "/why finding:jellyfin"),
    Example("Which sites answer?", "/sites"),
    Example("What changed?", "/digest now dry_run:True"),
    Example("Where does a route go?", "/traefik describe route:shop"),
    Example("What's muted?", "/mute list"),
    Example("How do I fix DNS?", "/runbook topic:dns"),
    Example("Where does a request fail?", "/net diagnose route:shop", Role.OPERATOR),
    Example("Too many alerts?", "/mute add what:media time:4h", Role.OPERATOR),
    Example("What do requests run into?", "/traefik logs since:1h", Role.OPERATOR),
    Example("How can I repair a site?", "/fix list route:shop", Role.OPERATOR),
    Example("Is the bot set up right?", "/doctor", Role.OPERATOR),
    Example("Undo a repair?", "/fix rollback change:shop", Role.APPROVER),
    Example("Where should alerts go?", "/setup channels", Role.APPROVER),
)
"""The most useful ones; Discord's own list of commands is complete."""

MAY = {
    Role.VIEWER: "You are a *viewer*: you can look. Probes and mutes need the *operator* role.",
    Role.OPERATOR: "You are an *operator*: you can look, probe, mute, and propose repairs.",
    Role.APPROVER: "You are an *approver*: you can do everything, and approve repairs.",
}


def page(role: Role) -> render.Card:
    """The examples for a person whose highest role is this one."""
    lines = "\n".join(_lines(role))
    more = f"-# {MAY[role]} Type `/` for all commands: each suggests what you can enter."
    return render.card(None, [f"## What you can ask\n{lines}", more], ())


def _lines(role: Role) -> Iterator[str]:
    for example in EXAMPLES:
        if example.role <= role:
            yield f"{example.question} `{example.command}`"
