"""The message about an API server that does not answer."""

from __future__ import annotations

from datetime import datetime

from bot.alerting.domain.incident import Incident, Moment
from bot.domain.outage import OutageReason
from bot.domain.verdict import Verdict
from bot.render import cards as discord
from bot.render import text as words

TITLES = {
    OutageReason.UNREACHABLE: "The API server does not answer",
    OutageReason.ERRORS: "The API server answers with errors only",
    OutageReason.NOT_ALLOWED: "The API server refuses the bot",
}

ON_THE_SERVER = (
    "On the server node: `systemctl status k3s` says whether it runs, and `journalctl -u k3s -e` "
    "why not.",
    "A full disk stops the datastore: `df -h /var/lib/rancher/k3s`.",
    "With embedded etcd, more than half of the servers must be up.",
)

STEPS = {
    OutageReason.UNREACHABLE: (
        *ON_THE_SERVER,
        "If `kubectl get nodes` answers there, only the bot's node has lost its way to the server.",
    ),
    OutageReason.ERRORS: ON_THE_SERVER,
    OutageReason.NOT_ALLOWED: (
        "The API server runs, but takes no request of the bot (401: its token; 403: its roles).",
        "Apply the bot's manifests again, and restart its pods so that they get a new token.",
        "`meshmedic doctor` in the bot's pod names each permission that is missing.",
    ),
}
"""What to do, the likeliest first. Source: k3s, "Architecture" and "Managing etcd"."""

LINES = 4


def incident(incident: Incident, role: int | None = None) -> discord.Card:
    """The outage: what fails, what was seen last and when, what to do, and whether it is over."""
    head, mention = incident.head, f"<@&{role}>\n" if role else ""
    reason = _reason(incident)
    footer = f"-# since {_time(incident.began)}"
    timeline = "\n".join(map(_moment, incident.timeline[-LINES:]))
    error = discord.code(words.brief(head.message, discord.MESSAGE), discord.MESSAGE)
    if incident.ended:
        title = f"## {words.MARK[Verdict.HEALTHY]} The API server answers again"
        return _card(Verdict.HEALTHY, title, timeline, footer)
    return _card(
        head.verdict,
        f"{mention}## {words.MARK[head.verdict]} {TITLES[reason]}",
        f"{error}\nThe bot cannot see the cluster: what breaks meanwhile is told afterwards.",
        timeline,
        "**What to do**\n" + "\n".join(f"- {step}" for step in STEPS[reason]),
        footer,
    )


def end(incident: Incident) -> discord.Card:
    """The reply that the API server answers again."""
    lasted = words.age(incident.began, incident.ended) if incident.ended else ""
    text = f"{words.MARK[Verdict.HEALTHY]} **The API server answers again** after {lasted}"
    return discord.card(Verdict.HEALTHY, [text], ())


def board(incident: Incident) -> discord.Card:
    """The board while the API server is gone: nothing can be seen, and what was seen last."""
    title = f"## {words.MARK[Verdict.UNKNOWN]} Nothing can be seen"
    return _card(
        Verdict.UNKNOWN,
        f"{title}\n{TITLES[_reason(incident)]} since {_time(incident.began)}.",
        "\n".join(map(_moment, incident.timeline[:1])),
        f"-# seen {_time(incident.began)}",
    )


def _card(verdict: Verdict, *parts: str) -> discord.Card:
    return discord.card(verdict, [part for part in parts if part], ())


def _reason(incident: Incident) -> OutageReason:
    try:
        return OutageReason(incident.head.reason)
    except ValueError:  # a later version's
        return OutageReason.UNREACHABLE


def _moment(moment: Moment) -> str:
    return f"-# {_time(moment.at)} {discord.code(moment.what, 160)}"


def _time(at: datetime) -> str:
    return f"<t:{int(at.timestamp())}:R>"
