"""Secrets that Traefik did not find, by its log: known where nobody lists Secrets."""

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.finding import Judgement, Ref
from bot.domain.report import Report, examine
from bot.domain.resources.core import SecretName
from bot.domain.snapshot import Gap, Snapshot, Why
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from bot.routing.traefik_word import TRAEFIK_WORD, TraefikWord
from bot.traefik.domain.log_summary import LogSummarizer
from bot.traefik.domain.routes import read_routes
from bot.traefik.missing_secrets import missing_secrets
from tests.builders import Plain, a_certificate, an_object
from tests.net.networks import MOMENT, TRAEFIK, WEB, a_path, a_route, a_rule, a_snapshot, an_ingress

OFF = Gap("Secret", Why.OFF, "set MESHMEDIC_SECRET_INVENTORY")
TLS = {"secretName": "keys"}
KEYS = ("apps", "keys")
LOGRUS = 'time="{at}" level=error msg="{message}: {why}" {fields}'
ZEROLOG = '{at} ERR {message} error="{why}" {fields}'
JSON = '{{"level":"error","time":"{at}","error":"{why}","message":"{message}",{fields}}}'


def born(plain: Plain, minutes_ago: float = 600) -> Plain:
    at = f"{MOMENT - timedelta(minutes=minutes_ago):%Y-%m-%dT%H:%M:%SZ}"
    return {**plain, "metadata": {**plain["metadata"], "creationTimestamp": at}}


def own(kind: str, name: str, **spec: Any) -> Plain:
    return an_object(kind, name, TRAEFIK, spec=spec)


def line(
    form: str = ZEROLOG,
    minutes_ago: float = 5,
    message: str = "Error configuring TLS",
    why: str = "secret apps/keys does not exist",
    **fields: str,
) -> str:
    at = f"{MOMENT - timedelta(minutes=minutes_ago):%Y-%m-%dT%H:%M:%SZ}"
    pairs = fields or {"ingress": "site", "namespace": "apps", "providerName": "kubernetescrd"}
    said = (
        ",".join(f'"{name}":"{value}"' for name, value in pairs.items())
        if form is JSON
        else " ".join(f"{name}={value}" for name, value in pairs.items())
    )
    return form.format(at=at, message=message, why=why, fields=said)


BASIC = "Error while reading basic auth middleware"
NO_USERS = "failed to load auth credentials: secret 'apps/keys' not found"
OF_AUTH = {"middlewareName": "apps-auth", "providerName": "kubernetescrd"}
OF_INGRESS = {"ingress": "site", "namespace": "apps", "providerName": "kubernetes"}
AUTH = own("Middleware", "auth", basicAuth={"secret": "keys"})
GUARDED = a_route(a_rule(middlewares=[{"name": "auth"}]))
STREAM = {"match": "HostSNI(`a.example`)", "services": [{"name": "web", "port": 80}]}

NAMING: dict[str, tuple[Ref, tuple[Plain, ...], dict[str, str]]] = {
    "IngressRoute": (
        Ref("IngressRoute", "apps", "site"),
        (a_route(a_rule(), tls=TLS),),
        {},
    ),
    "IngressRouteTCP": (
        Ref("IngressRouteTCP", "apps", "site"),
        (own("IngressRouteTCP", "site", routes=[STREAM], tls=TLS),),
        {},
    ),
    "Ingress": (
        Ref("Ingress", "apps", "site"),
        (an_ingress(a_path(), tls=[TLS]),),
        OF_INGRESS,
    ),
    "Middleware": (
        Ref("IngressRoute", "apps", "site"),
        (GUARDED, AUTH),
        {"message": BASIC, "why": NO_USERS, **OF_AUTH},
    ),
}


def heard(lines: list[str], *plain: Plain, **rest: Any) -> Snapshot:
    """The cluster with what Traefik's log tells of it; Secrets are not listed."""
    rest = {"unseen": (SecretName,), "gaps": (OFF,), **rest}
    snapshot = a_snapshot(*plain, *WEB, **rest)
    summarizer = LogSummarizer()
    for text in lines:
        summarizer.add(text)
    word = TraefikWord(missing=missing_secrets([summarizer.summary()], snapshot))
    return a_snapshot(*plain, *WEB, supplements={TraefikWord: word}, **rest)


def of(route: Ref, report: Report) -> Judgement | None:
    return next(
        (
            Judgement(found.verdict, found.reason, found.message)
            for found in report.findings
            if found.subject == route
        ),
        None,
    )


@pytest.mark.parametrize("form", [LOGRUS, ZEROLOG, JSON], ids=["logrus", "zerolog", "json"])
@pytest.mark.parametrize("name", NAMING)
def test_a_secret_that_traefik_misses_fails_what_needs_it(name: str, form: str) -> None:
    """Without TLS of its own a route is degraded; one whose Middleware is dropped has failed."""
    route, objects, fields = NAMING[name]
    snapshot = heard([line(form, **fields)], *map(born, objects))
    found = of(route, report := examine(snapshot, CHECKS))
    assert found
    failed = Verdict.FAILED if name == "Middleware" else Verdict.DEGRADED
    assert (found.verdict, found.reason) == (failed, "SecretMissedByTraefik")
    assert "found no Secret apps/keys at 2026-11-23 11:55 UTC" in found.message
    assert set(report.facts.values()) == {TRAEFIK_WORD}
    views = {view.ref: view.verdict for view in read_routes(snapshot, ())}
    assert views.get(route, failed) is failed


@pytest.mark.parametrize("name", NAMING)
def test_a_while_later_nobody_knows_whether_it_came(name: str) -> None:
    """Traefik says nothing of what is in order."""
    route, objects, fields = NAMING[name]
    for minutes, verdict in ((30, Verdict.UNKNOWN), (90, None)):
        snapshot = heard([line(minutes_ago=minutes, **fields)], *map(born, objects))
        found = of(route, examine(snapshot, CHECKS))
        assert (found.verdict if found else None) is verdict


@pytest.mark.parametrize("name", NAMING)
def test_what_was_just_created_may_get_its_secret_with_it(name: str) -> None:
    """One command creates both; of an object that is not there, no line tells anything."""
    route, objects, fields = NAMING[name]
    young = [born(plain, 5.5) for plain in objects]
    assert of(route, examine(heard([line(**fields)], *young), CHECKS)) is None
    others = heard([line(**{**fields, "ingress": "x", "middlewareName": "x"})], *map(born, objects))
    assert of(route, examine(others, CHECKS)) is None


def test_what_the_newest_lines_of_a_provider_do_not_repeat_is_over() -> None:
    """It tells anew of all that is wrong, each time; other providers do so at other times."""
    route, objects, _ = NAMING["IngressRoute"]
    gone = "secret apps/other does not exist"
    other = {"ingress": "y", "namespace": "apps", "providerName": "kubernetescrd", "why": gone}
    later = line(minutes_ago=3, **other)
    assert of(route, examine(heard([line(), later], *map(born, objects)), CHECKS)) is None
    again = heard([line(), later, line(minutes_ago=3)], *map(born, objects))
    assert of(route, examine(again, CHECKS))
    elsewhere = line(minutes_ago=3, **{**other, "providerName": "kubernetes"})
    assert of(route, examine(heard([line(), elsewhere], *map(born, objects)), CHECKS))


def test_what_was_written_since_is_there() -> None:
    """By its Certificate, its ExternalSecret, or the Kustomization that puts it back."""
    route, objects, _ = NAMING["IngressRoute"]
    issued = a_certificate()
    certificate = {**issued, "spec": {**issued["spec"], "secretName": "keys"}}
    for minutes_ago, is_there in ((3, True), (60, False)):
        at = f"{MOMENT - timedelta(minutes=minutes_ago):%Y-%m-%dT%H:%M:%SZ}"
        ready = {"type": "Ready", "status": "True", "reason": "X", "lastTransitionTime": at}
        writers = (
            {**certificate, "status": {"conditions": [ready]}},
            an_object(
                "ExternalSecret",
                "keys",
                "external-secrets.io/v1",
                status={"conditions": [ready], "refreshTime": at},
            ),
        )
        for writer in writers:
            snapshot = heard([line()], *map(born, objects), writer)
            assert (of(route, examine(snapshot, CHECKS)) is None) is is_there, writer["kind"]


def test_where_secrets_are_listed_the_list_decides() -> None:
    """It is newer than any line."""
    route, objects, _ = NAMING["IngressRoute"]
    plain = (*map(born, objects), an_object("Secret", "keys"))
    snapshot = heard([line()], *plain, unseen=(), gaps=())
    assert of(route, examine(snapshot, CHECKS)) is None


@pytest.mark.parametrize(
    "why",
    [
        "secret apps/keys is missing the following TLS data entries: tls.crt",
        "failed to fetch secret apps/keys: forbidden",
        "service not found",
    ],
)
def test_other_words_about_a_secret_do_not_tell_that_it_is_missing(why: str) -> None:
    _, objects, _ = NAMING["IngressRoute"]
    word = heard([line(why=why)], *map(born, objects)).supplement(TraefikWord)
    assert word
    assert not word.missing


@pytest.mark.parametrize(
    ("suspend", "ready", "healthy"),
    [(False, "True", True), (True, "True", False), (False, "False", False)],
)
def test_only_a_kustomization_that_puts_it_back_brings_a_secret(
    suspend: bool, ready: str, healthy: bool
) -> None:
    """One that is suspended, or fails, leaves a Secret that was deleted as it is."""
    kustomization = an_object(
        "Kustomization",
        "apps",
        "kustomize.toolkit.fluxcd.io/v1",
        namespace="flux-system",
        spec={"suspend": suspend},
        status={
            "inventory": {"entries": [{"id": "apps_keys__Secret", "v": "v1"}]},
            "conditions": [{"type": "Ready", "status": ready, "reason": "Any"}],
        },
    )
    route, objects, fields = NAMING["IngressRoute"]
    snapshot = heard([line(**fields)], *map(born, objects), kustomization)
    assert (of(route, examine(snapshot, CHECKS)) is None) is healthy
