"""The message about an API server that does not answer."""

from __future__ import annotations

from bot.alerting.domain.incident import Incident
from bot.alerting.views.moments import ago, timeline_line
from bot.domain.outage import OutageReason
from bot.domain.verdict import Verdict
from bot.render import cards as discord
from bot.render import text as words

TITLES = {
    OutageReason.UNREACHABLE: "The API server doesn't answer",
    OutageReason.ERRORS: "The API server answers with errors",
    OutageReason.NOT_ALLOWED: "The API server refuses the bot",
}

ON_THE_SERVER = (
    "On the server node, check k3s: `systemctl status k3s`, `journalctl -u k3s -e`",
    "Check its disk, since a full one stops the datastore: `df -h /var/lib/rancher/k3s`",
    "With embedded etcd, check that more than half of the servers are up.",
)

STEPS = {
    OutageReason.UNREACHABLE: (
        *ON_THE_SERVER,
        "If `kubectl get nodes` works there, only the bot's node can't reach the server.",
    ),
    OutageReason.ERRORS: ON_THE_SERVER,
    OutageReason.NOT_ALLOWED: (
        "The API server runs, but refuses the bot: 401 is about its token, 403 about its roles.",
        "Apply the bot's manifests again, and restart its pods to give them a new token.",
        "Run `meshmedic doctor` in the bot's pod: it lists each missing permission.",
    ),
}
"""What to do, the likeliest first. Source: k3s, "Architecture" and "Managing etcd"."""

LINES = 4


def incident(incident: Incident, role: int | None = None) -> discord.Card:
    """The outage: what fails, what was seen last and when, what to do, and whether it is over."""
    head, mention = incident.head, f"<@&{role}>" if role else ""
    reason = _reason(incident)
    timeline = "\n".join(map(timeline_line, incident.timeline[-LINES:]))
    error = discord.prose(words.brief(head.message, discord.MESSAGE))
    if incident.ended:
        lasted = words.age(incident.began, incident.ended)
        title = f"### {words.MARK[Verdict.HEALTHY]} The API server answers again after {lasted}"
        times = f"From {discord.stamp(incident.began)} to {discord.stamp(incident.ended, 't')}"
        return _card(Verdict.HEALTHY, title, times, timeline)
    return _card(
        head.verdict,
        f"### {words.MARK[head.verdict]} {TITLES[reason]}",
        mention,
        f"Since {discord.stamp(incident.began, 't')} ({ago(incident.began)})\n{error}\n"
        "The bot can't see the cluster now. It reports afterwards what broke.",
        timeline,
        "**Next**\n" + "\n".join(f"- {step}" for step in STEPS[reason]),
    )


def end(incident: Incident) -> discord.Card:
    """The reply that the API server answers again."""
    lasted = words.age(incident.began, incident.ended) if incident.ended else ""
    text = f"### {words.MARK[Verdict.HEALTHY]} The API server answers again after {lasted}"
    return discord.card(Verdict.HEALTHY, [text], ())


def board(incident: Incident) -> discord.Card:
    """The board while the API server is gone: nothing can be seen, and what was seen last."""
    title = f"## {words.MARK[Verdict.UNKNOWN]} The cluster can't be seen"
    return _card(
        Verdict.UNKNOWN,
        f"{title}\n{TITLES[_reason(incident)]}. It failed first {ago(incident.began)}.",
        "\n".join(map(timeline_line, incident.timeline[:1])),
        f"-# seen {ago(incident.began)}",
    )


def _card(verdict: Verdict, *parts: str) -> discord.Card:
    return discord.card(verdict, parts, ())


def _reason(incident: Incident) -> OutageReason:
    try:
        return OutageReason(incident.head.reason)
    except ValueError:  # a later version's
        return OutageReason.UNREACHABLE
