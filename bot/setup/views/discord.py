"""The cards of `/setup`, and the first message after the installation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from discord import ui

from bot.domain.sentences import listed
from bot.domain.verdict import Verdict
from bot.render import cards as render
from bot.render import text as words
from bot.setup.domain.choices import ChannelPurpose, ServerChoices
from bot.setup.domain.first_look import FirstLook

KINDS = 6
"""Kinds that one line names."""

SHOWN = {
    ChannelPurpose.ALERTS: "Alerts",
    ChannelPurpose.DIGEST: "Digest",
    ChannelPurpose.BOARD: "Board",
    ChannelPurpose.AUDIT: "Audit",
}

Row = Callable[[ChannelPurpose, int], render.Row]
"""The row with the select of a purpose, in which the channel is preselected, if there is one."""


def channels(choices: ServerChoices, row: Row) -> render.Card:
    """A select for each channel that the settings leave open."""
    container: ui.Container[Any] = ui.Container()
    container.add_item(ui.TextDisplay("## Where to post"))
    for purpose in ChannelPurpose:
        name = f"**{SHOWN[purpose]}**"
        if choices.fixed(purpose):
            text = f"{name} <#{choices.channel(purpose)}> by the settings"
            container.add_item(ui.TextDisplay(text))
        else:
            container.add_item(ui.TextDisplay(f"{name}: {purpose.use}"))
            container.add_item(row(purpose, choices.channel(purpose)))
    hint = (
        "A choice counts at once. `/setup timezone` sets the clock, `/setup show` has it for Git."
    )
    container.add_item(ui.TextDisplay(f"-# {hint}"))
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return render.Card(view)


def show(choices: ServerChoices) -> render.Card:
    """What counts, where it comes from, and what to put into Git."""
    fixed, chosen = choices.settings, choices.chosen
    lines = [
        f"**{SHOWN[purpose]}** "
        + _which(_channel(fixed.channels.get(purpose)), _channel(chosen.channels.get(purpose)))
        for purpose in ChannelPurpose
    ]
    zone = _which(_zone(fixed.zone), _zone(chosen.zone), otherwise="`UTC`")
    head = "\n".join(("## Where the bot posts", *lines, f"**Time zone** {zone}"))
    if not choices.unsaved:
        return render.card(None, [head, "-# Nothing is left to put into Git."], ())
    literals = "\n".join(f"- {name}={value}" for name, value in choices.unsaved)
    keep = "To keep this in Git, add these `literals` of `meshmedic-settings` in your overlay:"
    return render.card(None, [head, f"{keep}\n```yaml\n{literals}\n```"], ())


def chosen(purpose: ChannelPurpose, channel: int, missing: str = "") -> render.Card:
    """A choice that counts now; `missing` are permissions without which a part won't work."""
    name = SHOWN[purpose]
    if not channel:
        return render.note(f"{name}: no channel is chosen now.")
    text = f"{words.MARK[Verdict.HEALTHY]} **{name}** posts in <#{channel}> from now on."
    if missing:
        text += f"\n{words.MARK[Verdict.DEGRADED]} The bot lacks {missing} there. {ALLOW}"
    return render.note(f"{text}\n-# `/setup show` has it for Git.", raw=True)


def zone(name: str) -> render.Card:
    """A time zone that counts now."""
    if not name:
        return render.note("No time zone is chosen now, so digests go by `UTC`.", raw=True)
    text = f"{words.MARK[Verdict.HEALTHY]} Digests go by `{name}` from now on."
    return render.note(f"{text}\n-# `/setup show` has it for Git.", raw=True)


ALLOW = "Edit that channel, *Permissions*, and allow it for the bot's role."


def welcome(look: FirstLook, rows: Sequence[render.Row]) -> render.Card:
    """The first message: what the bot sees, what it can't, and three things to try."""
    ok, gap = words.MARK[Verdict.HEALTHY], words.MARK[Verdict.UNKNOWN]
    lines = [f"{ok} The bot sees {_seen(look)}."]
    if look.forbidden:
        kinds = _some(look.forbidden)
        lines.append(f"{gap} It may not read {kinds}. `/doctor` says which permission is missing.")
    if look.away:
        lines.append(f"{gap} It can't see all of {_some(look.away)} yet. `/health all` says why.")
    if look.absent:
        lines.append(f"-# Not installed here, so not checked: {_some(look.absent)}")
    tries = (
        f"{_found(look)} `/health all`",
        "Which sites answer? `/sites`",
        "What else can you ask? `/help`",
    )
    parts = ["\n".join(("## meshmedic is connected", *lines)), "\n".join(tries)]
    return render.card(None, parts, rows)


def _seen(look: FirstLook) -> str:
    counted = (look.kinds.get("Node", 0), "node"), (look.sites, "site")
    some = [words.plural(count, noun) for count, noun in counted if count]
    objects = words.plural(sum(look.kinds.values()), "object")
    return ", ".join((*some, f"{objects} of {words.plural(len(look.kinds), 'kind')}"))


def _found(look: FirstLook) -> str:
    where = "" if look.whole else " in what was seen"
    if not look.problems:
        return f"Nothing wrong found{where}. See what is checked:"
    return f"{words.plural(look.problems, 'problem')} found{where}:"


def _some(kinds: Sequence[str]) -> str:
    """Kinds of Kubernetes, whose names come from the bot's own checks."""
    return listed((render.code(kind, 80) for kind in kinds), KINDS)


def _channel(number: int | None) -> str:
    return f"<#{number}>" if number else ""


def _zone(name: str) -> str:
    return f"`{name}`" if name else ""


def _which(fixed: str, chosen: str, *, otherwise: str = "none") -> str:
    if fixed and chosen and fixed != chosen:
        return f"{fixed} by the settings, which win over {chosen}"
    if fixed:
        return f"{fixed} by the settings"
    return f"{chosen} by `/setup`" if chosen else otherwise
