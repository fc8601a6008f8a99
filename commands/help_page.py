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
    Example("Why?", "/why finding:jellyfin"),
    Example("Which sites answer?", "/sites"),
    Example("What changed?", "/digest history"),
    Example("What is served?", "/traefik routes"),
    Example("What's muted?", "/mute list"),
    Example("How to fix it?", "/runbook topic:dns"),
    Example("Where does it fail?", "/net diagnose", Role.OPERATOR),
    Example("Too many alerts?", "/mute add", Role.OPERATOR),
    Example("Failed requests?", "/traefik logs", Role.OPERATOR),
    Example("Can it be repaired?", "/fix list", Role.OPERATOR),
    Example("Set up right?", "/doctor", Role.OPERATOR),
    Example("Undo a repair?", "/fix rollback", Role.APPROVER),
    Example("Post where?", "/setup channels", Role.APPROVER),
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
    more = f"-# {MAY[role]} Each command suggests what you can enter."
    return render.card(None, [f"## What you can ask\n{lines}", more], ())


def _lines(role: Role) -> Iterator[str]:
    for example in EXAMPLES:
        if example.role <= role:
            yield f"{example.question} `{example.command}`"
