"""A secret in what a cluster says is in no message, no log line and no stored record.

Each place where text of the cluster enters one of them is a line of PLACES.
"""

import io
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from bot.alerting.domain import outage
from bot.alerting.domain.incident import ALERTS, Alerts, Incident
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.domain.transitions import advance
from bot.alerting.views import discord as alert_view
from bot.alerting.views import outage as outage_view
from bot.chat.channel import complaint
from bot.digest.domain.digest import Digest, compose
from bot.digest.domain.open_items import StandingItem
from bot.digest.views import discord as digest_view
from bot.digest.views import json as digest_json
from bot.digest.views import terminal as digest_terminal
from bot.domain.event_reasons import LABEL, told
from bot.domain.finding import Evidence, Finding, Ref
from bot.domain.record import RecordType, written
from bot.domain.report import Report, examine
from bot.domain.snapshot import Gap, Snapshot, Why
from bot.domain.story import Event, LogTail, Story
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from bot.health.report_store import REPORT, remembered
from bot.health.views import discord as health_view
from bot.health.views import json as health_json
from bot.health.views import terminal as health_terminal
from bot.log_setup import Handler, Json, Text
from bot.net.diagnosis.diagnosis import Diagnosis, Seen
from bot.net.diagnosis.proofs import PROOFS, Proofs, proof
from bot.net.views import discord as net_view
from bot.net.views import json as net_json
from bot.net.views import terminal as net_terminal
from bot.render import cards, terminal
from bot.routing.site_state import SiteState
from bot.routing.traefik_word import TraefikWord, judgement
from bot.sites.domain.site import EvidenceSource, Site, SiteBackend, SiteEvidence, Sites
from bot.sites.views import discord as sites_view
from bot.sites.views import json as sites_json
from bot.sites.views import terminal as sites_terminal
from bot.traefik.domain.answers import LogsAnswer, RefusalView, RoutesAnswer, RouteView, RuleView
from bot.traefik.views import discord as traefik_view
from bot.traefik.views import json as traefik_json
from bot.traefik.views import terminal as traefik_terminal
from tests.builders import a_pod
from tests.fakes import snapshot_of
from tests.health.views.test_discord import assert_harmless, texts
from tests.net.diagnosis.test_recent import PROVEN
from tests.net.diagnosis.test_recent import remembered as diagnosed

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RULES = Rules(routes=(AlertRoute(1),))
SUBJECT = Ref("Pod", "apps", "web")

SECRET = "hunter2hunter2"
TOKEN = "ghp_" + SECRET * 3
MARKUP = "@everyone <@123456789012345678> [a](https://evil.example) ``` "

PLANTED = (
    f"{MARKUP}password={SECRET}",
    f'{MARKUP}{{"password": "{SECRET}"}}',
    f"{MARKUP}cannot clone https://bot:{SECRET}@git.example/repo",
    f"{MARKUP}token: error {TOKEN}",
    # At the places where texts are cut
    *(f"{MARKUP}{'x' * length} token={TOKEN}" for length in range(30, 620, 43)),
)


def a_finding(text: str) -> Finding:
    """A finding of which everything but the name is hostile; the next step names its image."""
    return Finding(
        check="pods",
        subject=SUBJECT,
        verdict=Verdict.FAILED,
        reason=text,
        message=text,
        evidence=(Evidence(LABEL, f"Failed: {text}"), Evidence(text, text)),
    )


def a_report(text: str, minutes: float = 0, *, muted: bool = True) -> Report:
    gaps = (Gap("Secret", Why.UNREACHABLE, text), Gap("Node", Why.IN_PART, text))
    at = NOW + timedelta(minutes=minutes)
    finding = a_finding(text)
    lines = {finding.key: text} if muted else {}
    return Report(at, (finding,), gaps, {"Pod": 2}, muted=lines, notes=(finding,))


def containers(text: str) -> Report:
    """The report of a pod whose containers say it: why one waits, and how it ended last."""
    pod = a_pod("web", waiting="CrashLoopBackOff")
    status = pod["status"]["containerStatuses"][0]
    status["state"]["waiting"]["message"] = text
    status["lastState"] = {"terminated": {"exitCode": 1, "reason": text, "message": text}}
    return examine(snapshot_of(pod, now=NOW), CHECKS)


def unpulled(text: str) -> Finding:
    """A finding whose next step names the image of the message."""
    image = f"http://bot:{SECRET}@reg.example/{'x' * len(text)}"
    message = f'Failed to pull image "{image}": {text}: manifest unknown: not found'
    return replace(a_finding(text), reason="ImagePullBackOff", message=message)


def alerts(text: str) -> Alerts:
    """The state after an incident was opened."""
    state = advance(None, Report(NOW, (), (), {"Pod": 1}), RULES)
    for minutes in range(1, 30):
        state = advance(state, a_report(text, minutes, muted=False), RULES)
    assert state.incidents
    return state


def incident(text: str) -> Incident:
    """Even if a text came into the state as it is."""
    (opened,) = alerts(text).incidents
    return replace(opened, head=a_finding(text)).with_line(NOW, text)


def gone(text: str) -> Incident:
    return outage.incident_of("0123456789abcdef", NOW, error=text, seen=text)


def a_story(text: str) -> Story:
    return Story(
        taken_at=NOW,
        chain=(a_finding(text), a_finding(text)),
        check=CHECKS[0],
        downstream=(a_finding(text),),
        events=(Event(type=text, reason=text, message=text),),
        log=LogTail(container=text, previous=True, lines=(text, text)),
        unseen=(text,),
    )


def a_digest(text: str) -> Digest:
    return compose("daily", a_report(text), StandingItem(), None)


def routes(text: str) -> RoutesAnswer:
    rule = RuleView(match=f"Host(`a`) && Query(`{text}`)", router="apps-site", errors=(text,))
    view = RouteView(
        ref=Ref("IngressRoute", "apps", "site"),
        label="apps/site",
        api_version="traefik.io/v1alpha1",
        verdict=Verdict.FAILED,
        problems=(text,),
        notes=(text,),
        rules=(rule,),
    )
    return RoutesAnswer(taken_at=NOW, verdict=Verdict.FAILED, routes=(view,), unseen=(text,))


def sites(text: str) -> Sites:
    """A site of each state of which everything is hostile."""
    seen = SiteEvidence(source=EvidenceSource.TRAEFIK, symptom=text, why=text)
    ref = Ref(text, text, text)
    parts = tuple(
        Site(
            host=text,
            state=state,
            evidence=None if state is SiteState.NOT_TESTED else seen,
            routes=(ref, SUBJECT),
            decided_by=(ref,),
            backends=(SiteBackend(ref, (text,)),),
        )
        for state in SiteState
    )
    return Sites(taken_at=NOW, all=parts, unseen=(text,))


def logs(text: str) -> LogsAnswer:
    refusal = RefusalView(subject="apps/site", message=text, count=1, last=NOW)
    return LogsAnswer(
        taken_at=NOW,
        verdict=Verdict.FAILED,
        lines=3,
        refusals=(refusal,),
        unseen=(text,),
        cut=(text,),
    )


def refused(text: str) -> Incident:
    """The alert about a route that Traefik's API refuses."""
    ref = Ref("IngressRoute", "apps", "site")
    snapshot = Snapshot(NOW, {}, supplements={TraefikWord: TraefikWord({ref: (text,)})})
    said = judgement(ref, snapshot)
    assert said is not None
    head = replace(a_finding("x"), subject=ref, reason=said.reason, message=said.message)
    return replace(incident("x"), head=head)


def a_diagnosis(text: str) -> Diagnosis:
    return replace(
        PROVEN,
        because=text,
        effect_because=text,
        evidence=(Seen(text, text, bears=True),),
        untested=(text,),
    )


def stored(kind: RecordType, value: object) -> str:
    text = written(kind, value)
    assert isinstance(text, str)
    return text


def content(card: cards.Card) -> str:
    """What people see of a card, and its files."""
    return "\n".join((*texts(card), *(file.content.decode() for file in card.files)))


def shown(card: cards.Card) -> str:
    """The same of a card in which no text of the cluster means anything to Discord."""
    assert_harmless(card)
    return content(card)


def logged(text: str, formatter: Json | Text) -> str:
    stream = io.StringIO()
    record = logging.LogRecord("bot", logging.WARNING, "x.py", 1, "failed: %s", (text,), None)
    Handler(formatter, stream).handle(record)
    return stream.getvalue()


PLACES: dict[str, Callable[[str], str]] = {
    "event": lambda text: repr(told(text, text, NOW)),
    "stored report": lambda text: stored(REPORT, remembered(a_report(text))),
    "stored alerts": lambda text: stored(ALERTS, alerts(text)),
    "stored outage": lambda text: stored(ALERTS, Alerts((gone(text),))),
    "stored proof": lambda text: stored(PROOFS, Proofs((proof(diagnosed(a_diagnosis(text))),))),
    "alert": lambda text: shown(alert_view.incident(incident(text))),
    "alert's thread": lambda text: shown(alert_view.timeline(incident(text).timeline)),
    "alert's thread's name": lambda text: alert_view.thread_name(incident(text)),
    "alert's end": lambda text: shown(alert_view.end(replace(incident(text), ended=NOW))),
    "alerts' summary": lambda text: shown(alert_view.summary([incident(text)])),
    "alerts' board": lambda text: shown(alert_view.board(a_report(text), alerts(text))),
    "lost channel": lambda text: content(complaint(1, text)),
    "outage": lambda text: shown(outage_view.incident(gone(text))),
    "outage's board": lambda text: shown(outage_view.board(gone(text))),
    "report": lambda text: shown(health_view.report(a_report(text))),
    "report in a terminal": lambda text: terminal.plain(health_terminal.report(a_report(text))),
    "report in JSON": lambda text: health_json.report(a_report(text)).decode(),
    "containers": lambda text: shown(health_view.report(containers(text))),
    "containers in a terminal": lambda text: terminal.plain(
        health_terminal.report(containers(text))
    ),
    "containers in JSON": lambda text: health_json.report(containers(text)).decode(),
    "containers, stored": lambda text: stored(REPORT, remembered(containers(text))),
    "next step": lambda text: health_view.next_step(unpulled(text)),
    "next step in JSON": lambda text: repr(health_json.next_step(unpulled(text))),
    "choices": lambda text: repr(health_view.choices([a_finding(text)])),
    "suggestion": lambda text: repr(health_view.suggestion(a_finding(text))),
    "story": lambda text: shown(health_view.story(a_story(text))),
    "story in a terminal": lambda text: terminal.plain(health_terminal.story(a_story(text))),
    "digest": lambda text: shown(digest_view.digest(a_digest(text))),
    "digest in a terminal": lambda text: terminal.plain(digest_terminal.digest(a_digest(text))),
    "digest in JSON": lambda text: digest_json.digest(a_digest(text)).decode(),
    "alert that Discord rejects": lambda text: shown(alert_view.withheld((incident(text),))),
    "Traefik's API": lambda text: shown(alert_view.incident(refused(text))),
    "routes": lambda text: shown(traefik_view.routes(routes(text))),
    "route": lambda text: shown(traefik_view.route(routes(text).routes[0], routes(text))),
    "routes in a terminal": lambda text: terminal.plain(traefik_terminal.routes(routes(text))),
    "routes in JSON": lambda text: traefik_json.routes(routes(text)).decode(),
    "sites": lambda text: shown(sites_view.sites(sites(text))),
    "sites in a terminal": lambda text: terminal.plain(sites_terminal.sites(sites(text))),
    "sites in JSON": lambda text: sites_json.sites(sites(text)).decode(),
    "Traefik's log": lambda text: shown(traefik_view.logs(logs(text))),
    "Traefik's log in a terminal": lambda text: terminal.plain(traefik_terminal.logs(logs(text))),
    "Traefik's log in JSON": lambda text: traefik_json.logs(logs(text)).decode(),
    "diagnosis": lambda text: content(net_view.diagnosis(a_diagnosis(text), [])),
    "diagnosis in a terminal": lambda text: terminal.plain(
        net_terminal.diagnosis(a_diagnosis(text), whole=True)
    ),
    "diagnosis in JSON": lambda text: net_json.diagnosis(a_diagnosis(text)).decode(),
    "log": lambda text: logged(text, Text()),
    "log in JSON": lambda text: logged(text, Json()),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_planted_secret_stays_hidden(place: str):
    """Not even a part of it, also where a text is too long for its place."""
    for text in PLANTED:
        found = PLACES[place](text)
        assert SECRET[:8] not in found, text
