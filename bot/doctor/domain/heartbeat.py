"""Whether the dead man's switch works: somebody must notice when the bot itself is gone."""

from __future__ import annotations

from bot.doctor.domain.diagnostic import Area, Diagnostic, Topic
from bot.doctor.domain.facts import Setup
from bot.domain.heartbeat import LATE, HeartbeatFacts

TOPIC = Topic(Area.SETTINGS, "heartbeat")
SET = "Set MESHMEDIC_HEARTBEAT_URL to a check of healthchecks.io or a push monitor of Uptime Kuma."
FIX = "Copy the ping URL of your check again, and set MESHMEDIC_HEARTBEAT_URL. See the bot's log."


def examine(facts: HeartbeatFacts | None, setup: Setup) -> Diagnostic:
    """By the pings of this process; None where it isn't the bot."""
    if not setup.heartbeat:
        return TOPIC.note("Not set, so nobody notices when the bot itself is gone.", SET)
    if facts is None:
        return TOPIC.note("Set. Ask /doctor whether it works: only the bot sends pings.")
    if not facts.leads:
        return TOPIC.note("Set. Another process of the bot acts, and sends the pings.")
    late = facts.pinged is not None and facts.now - facts.pinged > LATE
    if facts.trouble or late:
        return TOPIC.failed(f"{facts.trouble or 'The pings stopped.'} {_last(facts)}", FIX)
    if facts.pinged is None:
        return TOPIC.note("Set. The first ping follows within two minutes of the start.")
    return TOPIC.ok(_last(facts))


def _last(facts: HeartbeatFacts) -> str:
    if facts.pinged is None:
        return "No ping was taken since this process started."
    seconds = max(0, int((facts.now - facts.pinged).total_seconds()))
    ago = f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"  # noqa: PLR2004  # two minutes
    return f"The last ping was taken {ago} ago."
