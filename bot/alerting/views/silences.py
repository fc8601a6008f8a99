"""Mutes and acknowledgements as Discord shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.alerting.domain.incident import Silence
from bot.alerting.domain.quiet import done
from bot.alerting.domain.silences import Mute
from bot.domain.finding import Finding
from bot.render import cards as discord
from bot.render import text as words

MARK = "🔕"
"""The sign of what is quiet."""

SHOWN = 8
"""Lines of a list."""

NAME, LONGEST = 80, 300


def muted(mute: Mute) -> str:
    """The answer to `/mute add` and `/ack`: what, by whom, until when and why."""
    return f"{MARK} {_shown(mute)} {done(mute)} {_by(mute.by, mute.until, mute.reason)}"


def unmuted(mute: Mute) -> str:
    """The answer to `/unmute`."""
    return f"🔔 {_shown(mute)} is no longer {done(mute)}: it alerts again."


def listed(mutes: Sequence[Mute], annotated: Mapping[Finding, str]) -> str:
    """The answer to `/mute list`; each line has what `/unmute` takes."""
    lines = [f"{muted(mute)} · {discord.code(f'/unmute {mute.name}', NAME)}" for mute in mutes]
    lines += [
        f"{MARK} {discord.code(str(finding.subject), discord.SUBJECT)} {_prose(line)}"
        for finding, line in annotated.items()
    ]
    if len(lines) > SHOWN:
        lines[SHOWN:] = [f"and {len(lines) - SHOWN:,} more"]
    return "\n".join(lines) or "Nothing is muted."


def quiet(silence: Silence) -> str:
    """The line of an open incident's card that says who keeps it quiet, and until when."""
    if not silence.by:
        return f"{MARK} {_prose(silence.reason[:1].upper() + silence.reason[1:])}"
    by = _by(silence.by, silence.until, silence.reason)
    if not silence.within:
        return f"{MARK} {done(silence).capitalize()} {by}"
    within = discord.code(silence.within, NAME)
    return f"{MARK} {within} is {done(silence)} {by} · {_unmute(silence)}"


def still_quiet(silence: Silence | None, ended: datetime) -> str:
    """The line of a card that is over, if what follows would not be posted; else empty."""
    if silence is None or silence.until is None or silence.until <= ended:
        return ""
    until = discord.stamp(silence.until)
    return f"{MARK} Still muted until {until}: {_unmute(silence)} ends that."


def _unmute(silence: Silence) -> str:
    """The command that ends it, with the namespace or the check that was muted as a whole."""
    return discord.code(f"/unmute {silence.within.rpartition(' ')[2]}".rstrip(), NAME)


def _by(name: str, until: datetime | None, reason: str) -> str:
    end = f" until {discord.stamp(until)}" if until else ""
    why = f": {_prose(reason)}" if reason else ""
    return f"by {discord.escape(words.line(name, NAME))}{end}{why}"


def _shown(mute: Mute) -> str:
    return discord.code(mute.shown, discord.SUBJECT)


def _prose(text: str) -> str:
    return discord.prose(words.line(text, LONGEST))
