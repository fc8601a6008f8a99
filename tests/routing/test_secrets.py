"""Secrets that routes name, where nobody lists Secrets: what shows that they exist."""

from typing import Any

import pytest

from bot.domain.finding import HEALTHY, Judgement, Ref
from bot.domain.report import examine
from bot.domain.resources.core import SecretName
from bot.domain.snapshot import Gap, Snapshot, Why
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS, routes_ingress, routes_ingressroute, routes_ingressroutetcp
from bot.health.next_steps.steps import next_step
from bot.health.offline import judge
from bot.routing.named_secrets import naming_unseen
from tests.builders import Plain, a_certificate, an_object
from tests.net.networks import (
    TRAEFIK,
    WEB,
    a_path,
    a_route,
    a_rule,
    a_snapshot,
    an_ingress,
    judged,
)

TLS = {"secretName": "keys"}
OFF = Gap("Secret", Why.OFF, "set MESHMEDIC_SECRET_INVENTORY")
STREAM = {"match": "HostSNI(`a.example`)", "services": [{"name": "web", "port": 80}]}
MIDDLEWARES = "traefik.ingress.kubernetes.io/router.middlewares"


def own(kind: str, name: str, **spec: Any) -> Plain:
    return an_object(kind, name, TRAEFIK, spec=spec)


AUTH = own("Middleware", "auth", basicAuth={"secret": "keys"})
CHAIN = own("Middleware", "chain", chain={"middlewares": [{"name": "auth"}, {"name": "chain2"}]})
OUTER = own("Middleware", "chain2", chain={"middlewares": [{"name": "auth"}]})
FORWARD = own(
    "Middleware", "auth", forwardAuth={"address": "http://a", "tls": {"caSecret": "keys"}}
)

NAMING: dict[str, tuple[Any, tuple[Plain, ...]]] = {
    "TLS": (routes_ingressroute.judge, (a_route(a_rule(), tls=TLS),)),
    "TLS of TCP": (
        routes_ingressroutetcp.judge,
        (own("IngressRouteTCP", "site", routes=[STREAM], tls=TLS),),
    ),
    "TLS of an Ingress": (routes_ingress.judge, (an_ingress(a_path(), tls=[TLS]),)),
    "basicAuth": (
        routes_ingressroute.judge,
        (a_route(a_rule(middlewares=[{"name": "auth"}])), AUTH),
    ),
    "forwardAuth": (
        routes_ingressroute.judge,
        (a_route(a_rule(middlewares=[{"name": "auth"}])), FORWARD),
    ),
    "a chain": (
        routes_ingressroute.judge,
        (a_route(a_rule(middlewares=[{"name": "chain"}])), CHAIN, OUTER, AUTH),
    ),
    "an annotation": (
        routes_ingress.judge,
        (an_ingress(a_path(), annotations={MIDDLEWARES: "apps-auth@kubernetescrd"}), AUTH),
    ),
}
"""Routes that need the Secret `apps/keys`, with what else they need."""


def said(name: str, *others: Plain, **rest: Any) -> Judgement:
    """What is said of such a route, where Secrets are not listed unless `rest` says so."""
    judge_it, (route, *more) = NAMING[name]
    rest = {"unseen": (SecretName,), "gaps": (OFF,), **rest}

    def said_alone(resource: Any, snapshot: Snapshot) -> Judgement:
        return naming_unseen(judge_it(resource, snapshot), resource, snapshot)

    return judged(said_alone, route, *more, *WEB, *others, **rest)


def an_external_secret(*, ready: str = "True", name: str = "keys", **status: Any) -> Plain:
    condition = {"type": "Ready", "status": ready, "reason": "X", "message": "no such key"}
    return an_object(
        "ExternalSecret",
        name,
        "external-secrets.io/v1",
        spec={"target": {"name": "keys"}},
        status={"conditions": [condition], **status},
    )


def a_kustomization(*ids: str) -> Plain:
    entries = [{"id": entry, "v": "v1"} for entry in ids]
    return an_object(
        "Kustomization",
        "apps",
        "kustomize.toolkit.fluxcd.io/v1",
        "flux-system",
        status={"inventory": {"entries": entries}},
    )


@pytest.fixture
def issued() -> Plain:
    return writing(a_certificate())


def writing(certificate: Plain) -> Plain:
    """A Certificate that writes the Secret."""
    return {**certificate, "spec": {**certificate["spec"], "secretName": "keys"}}


@pytest.mark.parametrize("name", NAMING)
def test_a_secret_that_nobody_looked_at_is_named(name: str, issued: Plain) -> None:
    """It is healthy, as far as anybody knows, and says what was not looked at."""
    found = said(name)
    assert (found.verdict, found.reason, found.noted) == (Verdict.HEALTHY, "SecretNotSeen", False)
    assert "apps/keys" in found.message
    for proof in (
        issued,
        an_external_secret(),
        an_external_secret(ready="False", refreshTime="2026-11-20T00:00:00Z"),
        a_kustomization("apps_keys__Secret"),
    ):
        assert said(name, proof) is HEALTHY
    for other in (a_kustomization("apps_keys__ConfigMap"), an_external_secret(name="other")):
        elsewhere = {**other, "metadata": {**other["metadata"], "namespace": "other"}}
        assert said(name, elsewhere).reason == "SecretNotSeen"


@pytest.mark.parametrize("name", NAMING)
def test_where_secrets_are_listed_there_is_nothing_to_note(name: str) -> None:
    """It is there, or it is missing."""
    listed = {"unseen": (), "gaps": ()}
    assert said(name, an_object("Secret", "keys"), **listed) is HEALTHY
    assert said(name, **listed).reason in ("SecretNotFound", "MiddlewareWithoutSecret")


@pytest.mark.parametrize("name", NAMING)
def test_a_secret_that_its_writer_never_wrote_degrades_what_needs_it(name: str) -> None:
    """By the word of the ExternalSecret or the Certificate, which is the cause."""
    never = said(name, an_external_secret(ready="False"))
    assert (never.verdict, never.reason) == (Verdict.DEGRADED, "SecretNotWritten")
    waiting = said(name, writing(a_certificate(ready="False", reason="DoesNotExist")))
    assert (waiting.verdict, waiting.reason) == (Verdict.DEGRADED, "CertificateNotReady")


def test_the_writer_is_the_root_of_the_chain() -> None:
    """From the ExternalSecret by the Middleware to the route."""
    external = an_external_secret(ready="False")
    snapshot = a_snapshot(*NAMING["basicAuth"][1], *WEB, external, unseen=(SecretName,))
    report = examine(snapshot, CHECKS)
    (root,) = report.roots
    assert root.subject == Ref("ExternalSecret", "apps", "keys")
    effects = report.downstream[root.key]
    assert {effect.subject.kind for effect in effects} == {"Middleware", "IngressRoute"}
    assert all(
        "kubectl -n apps describe externalsecret keys" in next_step(effect).commands
        for effect in effects
        if effect.subject.kind == "Middleware"
    )


def test_a_report_remarks_on_no_route_whose_secret_nobody_looked_at() -> None:
    """That Secrets are not listed is one gap of it."""
    routes = [a_route(a_rule(), tls=TLS, name=f"site-{number}") for number in range(3)]
    report = examine(a_snapshot(*routes, *WEB, unseen=(SecretName,), gaps=(OFF,)), CHECKS)
    assert not report.notes
    assert not report.findings
    assert OFF in report.gaps


def test_what_has_failed_gets_no_note() -> None:
    """The fault is enough."""
    route = a_route(a_rule({"name": "gone", "port": 80}), tls=TLS)
    found = judged(routes_ingressroute.judge, route, *WEB, unseen=(SecretName,))
    assert (found.reason, found.noted) == ("ServiceNotFound", False)


def test_a_file_that_lacks_the_secret_proves_nothing() -> None:
    """The verdict stays, and says what is not in the file."""
    route = a_route(a_rule(), tls=TLS)
    (alone,) = judge([route])
    assert (alone.verdict, alone.reason) == (Verdict.HEALTHY, "SecretNotSeen")
    with_secret, _ = judge([route, an_object("Secret", "keys")])
    assert (with_secret.verdict, with_secret.reason) == (Verdict.HEALTHY, "")
