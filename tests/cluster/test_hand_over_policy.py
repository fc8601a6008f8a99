"""What the policies of `remediation` compare: the plan's own objects pass, one thing more does not.

Each request is a dry run as the approver, beside what the hand-over has labelled, in a namespace in
which RBAC allows it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from bot.ingress_conversion.known import gather
from bot.ingress_conversion.target import ConversionTarget, version
from bot.remediation.change import marker
from bot.remediation.change.fields import HAND_OVER, HOSTS, REPLACES, SERVICES, Action, Manifest
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.step import Step
from bot.remediation.planning import ingress_handover
from bot.remediation.planning.offers import offers
from tests.cluster.approving import create, ingresses, merge, routes
from tests.cluster.approving import marked as marked_with
from tests.cluster.asking import APPROVER, Answer, Somebody, service_account
from tests.cluster.deployed import LISTED, install_kinds, install_only, until
from tests.cluster.everything import EVERYTHING
from tests.cluster.ingress_cases import Case, a_case, cases
from tests.cluster.mutations import changed
from tests.cluster.scene import named, set_the_scene, within
from tests.clusters.real import RealCluster
from tests.programs import catalogue
from tests.remediation.planning.situations import (
    a_service,
    a_situation,
    an_ingress,
    nowhere_untouchable,
)

ROUTER = "traefik.ingress.kubernetes.io/router."
MIDDLEWARES, OPTIONS = f"{ROUTER}middlewares", f"{ROUTER}tls.options"
CLASS = "kubernetes.io/ingress.class"
CHANGE = {"meshmedic.dev/change": "20261123-1200-web-0001"}


def a_rule(host: str, path: str, service: str) -> Manifest:
    backend = {"service": {"name": service, "port": {"number": 80}}}
    rule = {"http": {"paths": [{"path": path, "pathType": "Prefix", "backend": backend}]}}
    return {**({"host": host} if host else {}), **rule}


NOTES = {
    MIDDLEWARES: "apps-auth@kubernetescrd,limit@file",
    OPTIONS: "apps-modern@kubernetescrd",
    f"{ROUTER}entrypoints": "websecure",
    f"{ROUTER}tls.certresolver": "le",
    CLASS: "traefik",
    "gethomepage.dev/enabled": "true",
}
RICH = an_ingress(
    metadata={"annotations": NOTES},
    rules=[a_rule("web.example", "/", "web"), a_rule("*.wild.example", "/api", "other")],
    tls=[{"hosts": ["web.example"], "secretName": "web-tls"}],
)
EVERY_HOST = an_ingress(metadata={"namespace": "media"}, rules=[a_rule("", "/every", "web")])


def an_object(kind: str, name: str) -> Manifest:
    metadata = {"namespace": "apps", "name": name}
    return {"apiVersion": "traefik.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": {}}


def planned(ingress: Manifest, *, cross_namespace: bool = False) -> tuple[Step, ...]:
    """The steps of its conversion, of one IngressRoute."""
    namespace = ingress["metadata"]["namespace"]
    services = [a_service(metadata={"namespace": namespace, "name": n}) for n in ("web", "other")]
    known = gather([*services, an_object("Middleware", "auth"), an_object("TLSOption", "modern")])
    situation = a_situation(ingress, known=known)
    assert situation.traefik
    traefik = replace(situation.traefik, cross_namespace=cross_namespace)
    plan = offers(replace(situation, traefik=traefik), nowhere_untouchable).by(Method.CONVERSION)
    assert isinstance(plan, RepairPlan), plan
    return plan.steps


NAMES_OTHERS = an_ingress(
    metadata={
        "namespace": "names-others",
        "annotations": {
            MIDDLEWARES: "traefik-authentik@kubernetescrd,limit@file",
            OPTIONS: "traefik-modern@kubernetescrd",
            f"{ROUTER}tls": "true",
        },
    }
)
"""One that leads through the Middleware of another namespace, with allowCrossNamespace."""


def of(steps: tuple[Step, ...], action: Action) -> Manifest:
    (found,) = (step.manifest for step in steps if step.action is action)
    return found


NEW = of(planned(RICH), Action.CREATE_INGRESSROUTE)
NEW_FOR_EVERY_HOST = of(planned(EVERY_HOST), Action.CREATE_INGRESSROUTE)
LABELLED = of(planned(RICH), Action.DELETE_INGRESS)
LABELLED_FOR_EVERY_HOST = of(planned(EVERY_HOST), Action.DELETE_INGRESS)


def put_back(ingress: Manifest) -> Manifest:
    """As the writer puts an Ingress back: with the Change's name."""
    notes = ingress["metadata"].get("annotations", {}) | CHANGE
    return {**ingress, "metadata": ingress["metadata"] | {"annotations": notes}}


BACK, BACK_FOR_EVERY_HOST = put_back(LABELLED), put_back(LABELLED_FOR_EVERY_HOST)


def marked(route: Manifest) -> Manifest:
    made = marker.marker(route, marker.host("3f9c"))
    assert made
    return made.manifest


MARKER, MARKER_BACK = marked(NEW), put_back(marked(LABELLED))


FIRST = ("spec", "routes", 0)
RULE = ("spec", "rules", 0)
PATH = (*RULE, "http", "paths", 0)
NOTE = ("metadata", "annotations")
LABEL = ("metadata", "labels")
DNS = "external-dns.alpha.kubernetes.io/hostname"
WEB = {"name": "web", "port": 80}
TAKES = "is handed over here"
HAS_HOSTS = "has the hosts of the Ingress"
HAS_SERVICES = "leads to the Services of the Ingress"
HAS_MIDDLEWARES = "has the Middlewares of the Ingress"
HAS_OPTIONS = "has the TLS options of the Ingress"
SAYS = "annotations of an IngressRoute name hosts"
OWN_SERVICES = "for Services of its own namespace"
OWN_OBJECTS = "of its own namespace, of Traefik's own configuration"
HAS_CLASS = "has Traefik's class or none"
ITS_NOTES = "annotations of its class"
ITS_LABEL = "with the label meshmedic.dev/hand-over"
FIELDS = "with the fields alone"

ROUTES: Mapping[str, tuple[Manifest, str]] = {
    "another Ingress's place": (changed(NEW, *NOTE, REPLACES, to="other"), TAKES),
    "nothing's place": (changed(NEW, *NOTE, REPLACES, to=None), TAKES),
    "another host in its annotation": (changed(NEW, *NOTE, HOSTS, to="web.example,b"), SAYS),
    "another Service in its annotation": (changed(NEW, *NOTE, SERVICES, to="web,b"), SAYS),
    "every host in its annotation": (changed(NEW, *NOTE, HOSTS, to="*"), SAYS),
    "fewer Middlewares in its annotation": (changed(NEW, *NOTE, MIDDLEWARES, to=None), SAYS),
    "other TLS options in its annotation": (changed(NEW, *NOTE, OPTIONS, to="weak@file"), SAYS),
    "another host": (changed(NEW, *FIRST, "match", to="Host(`bank.example`)"), HAS_HOSTS),
    "one host more": (
        changed(NEW, *FIRST, "match", to="Host(`web.example`) || Host(`bank.example`)"),
        HAS_HOSTS,
    ),
    "one host more, in one matcher": (
        changed(NEW, *FIRST, "match", to="Host(`web.example`, `bank.example`)"),
        HAS_HOSTS,
    ),
    "a host behind a path": (
        changed(NEW, *FIRST, "match", to="Host(`web.example`) && Path(`/`) || Host(`b`)"),
        HAS_HOSTS,
    ),
    "a host in a path": (
        changed(NEW, *FIRST, "match", to="Host(`web.example`) && Path(`/`,`/`) || Path(`/b`)"),
        HAS_HOSTS,
    ),
    "a wider pattern of hosts": (
        changed(NEW, *FIRST, "match", to="HostRegexp(`^.+\\.wild\\.example$`)"),
        HAS_HOSTS,
    ),
    "every host": (changed(NEW, *FIRST, "match", to="PathPrefix(`/`)"), HAS_HOSTS),
    "every host, said in parts": (
        changed(NEW, *FIRST, "match", to="!Host(`web.example`)"),
        HAS_HOSTS,
    ),
    "another Service": (changed(NEW, *FIRST, "services", 0, "name", to="b"), HAS_SERVICES),
    "one Service more": (
        changed(NEW, *FIRST, "services", to=[WEB, WEB | {"name": "b"}]),
        HAS_SERVICES,
    ),
    "a Service of another namespace": (
        changed(NEW, *FIRST, "services", 0, "namespace", to="bank"),
        OWN_SERVICES,
    ),
    "what is no Service": (
        changed(NEW, *FIRST, "services", to=[{"kind": "TraefikService", "name": "web"}]),
        OWN_SERVICES,
    ),
    "no Middlewares": (changed(NEW, *FIRST, "middlewares", to=None), HAS_MIDDLEWARES),
    "one Middleware fewer": (
        changed(NEW, *FIRST, "middlewares", to=[{"name": "limit@file"}]),
        HAS_MIDDLEWARES,
    ),
    "one Middleware twice": (
        changed(NEW, *FIRST, "middlewares", to=[{"name": "limit@file"}] * 2),
        HAS_MIDDLEWARES,
    ),
    "another Middleware": (
        changed(NEW, *FIRST, "middlewares", 0, "name", to="other"),
        HAS_MIDDLEWARES,
    ),
    "a Middleware of another namespace": (
        changed(NEW, *FIRST, "middlewares", 0, "namespace", to="bank"),
        "Middlewares",
    ),
    "a Middleware of another namespace, by its provider": (
        changed(NEW, *FIRST, "middlewares", 0, to={"name": "bank-auth@kubernetescrd"}),
        HAS_MIDDLEWARES,
    ),
    "a Middleware of another namespace, by both": (
        changed(NEW, *FIRST, "middlewares", 1, "namespace", to="bank"),
        OWN_OBJECTS,
    ),
    "a Service's Middleware of another namespace": (
        changed(
            NEW, *FIRST, "services", 0, "middlewares", to=[{"name": "bank-auth@kubernetescrd"}]
        ),
        OWN_OBJECTS,
    ),
    "a transport of another namespace": (
        changed(NEW, *FIRST, "services", 0, "serversTransport", to="bank-a@kubernetescrd"),
        OWN_OBJECTS,
    ),
    "another certificate": (
        changed(NEW, "spec", "tls", "secretName", to="precious"),
        "has the certificates of the Ingress",
    ),
    "other TLS options": (changed(NEW, "spec", "tls", "options", "name", to="b"), HAS_OPTIONS),
    "TLS options of another namespace": (
        changed(NEW, "spec", "tls", "options", "namespace", to="bank"),
        OWN_OBJECTS,
    ),
    "TLS options of another namespace, by their provider": (
        changed(NEW, "spec", "tls", "options", "name", to="bank-weak@kubernetescrd"),
        HAS_OPTIONS,
    ),
    "another resolver": (
        changed(NEW, "spec", "tls", "certResolver", to="b"),
        "orders the certificates that the Ingress ordered",
    ),
    "a resolver's domains": (
        changed(NEW, "spec", "tls", "domains", to=[{"main": "bank.example"}]),
        "orders the certificates that the Ingress ordered",
    ),
    "a store": (changed(NEW, "spec", "tls", "store", to={"name": "default"}), FIELDS),
    "another entrypoint": (
        changed(NEW, "spec", "entryPoints", to=["metrics"]),
        "has the entrypoints of the Ingress",
    ),
    "all default entrypoints": (
        changed(NEW, "spec", "entryPoints", to=None),
        "has the entrypoints of the Ingress",
    ),
    "another class": (changed(NEW, *NOTE, CLASS, to="nginx"), HAS_CLASS),
    "another class by its field": (changed(NEW, "spec", "ingressClassName", to="nginx"), HAS_CLASS),
    "a name in DNS": (changed(NEW, *NOTE, DNS, to="bank.example"), ITS_NOTES),
    "no label of ours": (
        changed(NEW, *LABEL, "app.kubernetes.io/managed-by", to=None),
        "app.kubernetes.io/managed-by=meshmedic",
    ),
    "the label of another group": (changed(NEW, *LABEL, HAND_OVER, to="a.example"), ITS_LABEL),
    "a finalizer": (changed(NEW, "metadata", "finalizers", to=["a.example/b"]), "no finalizer"),
    "a host, for a marker": (
        changed(MARKER, *FIRST, "match", to="Host(`bank.example`)"),
        HAS_HOSTS,
    ),
    "another Service, for a marker": (
        changed(MARKER, *FIRST, "services", 0, "name", to="b"),
        HAS_SERVICES,
    ),
    "no Middlewares, for a marker": (
        changed(MARKER, *FIRST, "middlewares", to=None),
        HAS_MIDDLEWARES,
    ),
    "a marker's host under another name": (
        changed(MARKER, "metadata", "name", to="thief"),
        HAS_HOSTS,
    ),
    "every host's place before all others": (
        changed(NEW_FOR_EVERY_HOST, *FIRST, "priority", to=1_000),
        "has the priority of the Ingress",
    ),
}
"""What a new IngressRoute may not have, by what is wrong: the object, and who says so."""

BACK_NAME, BACK_HOSTS = "under its own name", "with the hosts that it had"
BACK_SERVICES, BACK_NOTES = (
    "for the Services that it had",
    "Middlewares and TLS options that it had",
)
INGRESSES: Mapping[str, tuple[Manifest, str]] = {
    "another name": (changed(BACK, "metadata", "name", to="other"), BACK_NAME),
    "a marker's name": (changed(BACK, "metadata", "name", to="web-meshmedic"), BACK_NAME),
    "another host": (changed(BACK, *RULE, "host", to="bank.example"), BACK_HOSTS),
    "every host": (changed(BACK, *RULE, "host", to=None), BACK_HOSTS),
    "a default backend": (
        changed(
            BACK, "spec", "defaultBackend", to={"service": {"name": "web", "port": {"number": 80}}}
        ),
        BACK_HOSTS,
    ),
    "another host's certificate": (
        changed(BACK, "spec", "tls", 0, "hosts", to=["bank.example"]),
        BACK_HOSTS,
    ),
    "another Service": (changed(BACK, *PATH, "backend", "service", "name", to="b"), BACK_SERVICES),
    "what is no Service": (
        changed(BACK, *PATH, "backend", to={"resource": {"kind": "A", "name": "b"}}),
        BACK_SERVICES,
    ),
    "no Middlewares": (changed(BACK, *NOTE, MIDDLEWARES, to=None), BACK_NOTES),
    "another Middleware": (changed(BACK, *NOTE, MIDDLEWARES, to="bank-a@file"), BACK_NOTES),
    "other TLS options": (changed(BACK, *NOTE, OPTIONS, to="weak@file"), BACK_NOTES),
    "no name of a Change": (
        changed(BACK, *NOTE, "meshmedic.dev/change", to=None),
        "with the annotation meshmedic.dev/change",
    ),
    "another class": (changed(BACK, *NOTE, CLASS, to="nginx"), HAS_CLASS),
    "a name in DNS": (changed(BACK, *NOTE, DNS, to="bank.example"), "cert-manager's issuer alone"),
    "further names in a certificate": (
        changed(BACK, *NOTE, "cert-manager.io/alt-names", to="bank.example"),
        "cert-manager's issuer alone",
    ),
    "the label of another group": (changed(BACK, *LABEL, HAND_OVER, to="a.example"), ITS_LABEL),
    "a finalizer": (changed(BACK, "metadata", "finalizers", to=["a.example/b"]), "no finalizer"),
    "another host, for a marker": (
        changed(MARKER_BACK, *RULE, "host", to="bank.example"),
        BACK_NAME,
    ),
    "another Service, for a marker": (
        changed(MARKER_BACK, *PATH, "backend", "service", "name", to="b"),
        BACK_SERVICES,
    ),
    "no Middlewares, for a marker": (changed(MARKER_BACK, *NOTE, MIDDLEWARES, to=None), BACK_NOTES),
}
"""What an Ingress that is put back may not have."""


@pytest.fixture(scope="module")
def approver(
    real: RealCluster, data: Path, tmp_path_factory: pytest.TempPathFactory, admin: Somebody
) -> Iterator[Somebody]:
    """The bot in the approver's name, in two namespaces without routes."""
    install_kinds(real, data)
    install_only(real, tmp_path_factory.mktemp("compared"), ("remediation",), bindings=LISTED)
    set_the_scene(real)
    cleared(real)
    yield service_account(real, "meshmedic", "meshmedic").acting(APPROVER)
    cleared(real)


def cleared(real: RealCluster) -> None:
    for namespace in ("apps", "media"):
        real.kubectl("delete", "ingresses,ingressroutes.traefik.io", "--all", "-n", namespace)


def tried(approver: Somebody, made: Manifest) -> Answer:
    """A dry run of its creation."""
    namespace = made["metadata"]["namespace"]
    at = ingresses(namespace) if made["kind"] == "Ingress" else routes(namespace)
    return approver.ask(*create(f"{at}?dryRun=All&fieldValidation=Strict", made))


def passes(approver: Somebody, made: Manifest) -> bool:
    return tried(approver, made).done


def labelled(admin: Somebody, ingress: Manifest) -> None:
    """Make an Ingress, and then set its label: with nothing to compare nobody may make it so."""
    at, name = ingresses(ingress["metadata"]["namespace"]), ingress["metadata"]["name"]
    answer = admin.ask(*create(at, changed(ingress, *LABEL, to=None)))
    assert answer.done, answer.said
    answer = admin.ask(*merge(f"{at}/{name}", {"metadata": {"labels": {HAND_OVER: "traefik.io"}}}))
    assert answer.done, answer.said


@pytest.fixture(scope="module")
def there(approver: Somebody, admin: Somebody) -> Somebody:
    """The hand-over has begun: the Ingresses are there, with the label."""
    for ingress in (LABELLED, LABELLED_FOR_EVERY_HOST):
        labelled(admin, ingress)
    for new in (NEW, NEW_FOR_EVERY_HOST):
        until(lambda new=new: passes(approver, new))
    return approver


@pytest.fixture(scope="module")
def back(there: Somebody, admin: Somebody, real: RealCluster) -> Somebody:
    """The way back has begun: the IngressRoutes have the label, and the Ingresses are gone."""
    for made, old in ((NEW, BACK), (NEW_FOR_EVERY_HOST, BACK_FOR_EVERY_HOST)):
        namespace = made["metadata"]["namespace"]
        assert there.ask(*create(routes(namespace), made)).done
        real.kubectl("delete", "ingresses", "--all", "-n", namespace)
        until(lambda old=old: passes(there, old))
    return there


@pytest.mark.parametrize("made", [NEW, NEW_FOR_EVERY_HOST, MARKER], ids=["rich", "every", "marker"])
def test_the_plans_own_routes_pass(made: Manifest, there: Somebody) -> None:
    answer = tried(there, made)
    assert answer.done, answer.said


def converted(case: Case, *, strict: bool) -> list[Manifest]:
    """The IngressRoutes of its plan; none where there is no plan."""
    number = version(catalogue.TRAEFIK_VERSION)
    assert number
    target = ConversionTarget(number, strict_prefix=strict)
    known = gather(case.services)
    plan = ingress_handover.plan(a_situation(case.applied, known=known, traefik=target))
    steps = plan.steps if isinstance(plan, RepairPlan) else ()
    return [step.manifest for step in steps if step.action is Action.CREATE_INGRESSROUTE]


def test_the_conversion_of_every_real_ingress_passes(
    there: Somebody, real: RealCluster, data: Path
) -> None:
    """Everything that an Ingress can say, Traefik's own fixtures and real ones, each by itself."""
    fixtures = data / "corpus/traefik/traefik-master/pkg/provider/kubernetes/ingress/fixtures"
    every = [
        *(a_case(title, ingress, (), "said") for title, ingress in EVERYTHING.items()),
        *cases(fixtures, "said"),
        *list(cases(data / "corpus/manifests", "said"))[:MOST_REAL],
    ]
    made: list[tuple[Case, str, list[Manifest]]] = []
    for case in every:
        case.applied["metadata"]["namespace"] = f"said-{len(made)}"
        if routes_ := [*converted(case, strict=True), *converted(case, strict=False)]:
            made.append((case, case.applied["metadata"]["namespace"], routes_))
    spaces = [in_its_own(namespace) for _, namespace, _ in made]
    real.apply(*chain.from_iterable(spaces))
    listed = {"apiVersion": "v1", "kind": "List", "items": [case.applied for case, *_ in made]}
    real.kubectl_tries("apply", "--server-side", "-f", "-", given=json.dumps(listed))
    real.kubectl("label", "ingresses", "-A", "-l", "origin=a-case", f"{HAND_OVER}=traefik.io")
    taken = {item["metadata"]["namespace"] for item in real.read("ingresses", "-A")["items"]}
    (*_, last) = (new for _, namespace, new in made if namespace in taken)
    until(lambda: "no params" not in tried(there, last[0]).said)
    asked = [(case, new) for case, place, news in made if place in taken for new in news]
    answers = [(case.origin, tried(there, new)) for case, new in asked]
    refused = {(origin, answer.said) for origin, answer in answers if not answer.done}
    print(f"{len(answers)} new IngressRoutes of {len(taken)} Ingresses")  # noqa: T201  # seen
    # Nothing here ends what is in a namespace: the other tests' Traefik would serve it.
    real.kubectl("delete", "ingresses", "-A", "-l", "origin=a-case")
    real.kubectl("delete", "namespaces", "-l", "test=said", "--wait=false")
    assert refused == set()
    assert len(answers) > 100


MOST_REAL = 60


def in_its_own(namespace: str) -> list[Manifest]:
    """A namespace, which is listed."""
    version, name = "rbac.authorization.k8s.io", "meshmedic-approver"
    role = {"apiGroup": version, "kind": "ClusterRole", "name": name}
    user = {"apiGroup": version, "kind": "User", "name": "meshmedic:approver"}
    made = marked_with(named("v1", "Namespace", namespace), labels={"test": "said"})
    binding = named(f"{version}/v1", "RoleBinding", name, roleRef=role, subjects=[user])
    return [made, within(namespace, binding)]


def test_what_the_ingress_names_of_another_namespace_passes_and_nothing_else_of_it(
    there: Somebody, admin: Somebody, real: RealCluster
) -> None:
    """As authentik's Middleware, which stands beside Traefik: rehearsed first, and then made."""
    steps = planned(NAMES_OTHERS, cross_namespace=True)
    new, old = of(steps, Action.CREATE_INGRESSROUTE), of(steps, Action.DELETE_INGRESS)
    namespace = new["metadata"]["namespace"]
    real.apply(*in_its_own(namespace))
    bare = changed(new, *LABEL, HAND_OVER, to=None)
    until(lambda: passes(there, bare))
    labelled(admin, old)
    until(lambda: "no params" not in tried(there, new).said)
    answer = tried(there, new)
    assert answer.done, answer.said
    for name in "traefik-other@kubernetescrd", "bank-authentik@kubernetescrd", "authentik@file":
        answer = tried(there, changed(new, *FIRST, "middlewares", 0, "name", to=name))
        assert (answer.code, HAS_MIDDLEWARES in answer.said) == (422, True), answer
        answer = tried(there, changed(new, "spec", "tls", "options", "name", to=name))
        assert (answer.code, HAS_OPTIONS in answer.said) == (422, True), answer
    real.kubectl("delete", "namespaces", namespace, "--wait=false")


@pytest.mark.parametrize("what", ROUTES)
def test_a_new_route_is_refused_with(what: str, there: Somebody) -> None:
    """One thing is another than in the plan, and the policy names it."""
    made, why = ROUTES[what]
    answer = tried(there, made)
    assert (answer.code, why in answer.said) == (422, True), json.dumps(answer.body)


@pytest.mark.parametrize("made", [NEW, BACK], ids=["IngressRoute", "Ingress"])
def test_a_route_without_the_label_is_only_rehearsed(made: Manifest, there: Somebody) -> None:
    """A dry run shows whether it has the right fields; in earnest it is refused."""
    bare = changed(made, *LABEL, HAND_OVER, to=None)
    bare["metadata"]["name"] = "thief"
    rehearsed = tried(there, bare)
    assert rehearsed.done, rehearsed.said
    at = ingresses("apps") if made["kind"] == "Ingress" else routes("apps")
    answer = there.ask(*create(at, bare))
    assert (answer.code, ITS_LABEL in answer.said) == (422, True), answer


def test_a_second_labelled_object_only_makes_the_hand_over_fail(
    there: Somebody, admin: Somebody
) -> None:
    """Whoever may write there may set it: what is created must pass beside each, not beside one."""
    second = changed(changed(LABELLED, "metadata", "name", to="a-tenants"), *RULE, "host", to="a.b")
    labelled(admin, second)
    try:
        until(lambda: not passes(there, NEW))
        answer = tried(there, NEW)
        assert (answer.code, "a-tenants is handed over here" in answer.said) == (422, True), answer
        stolen = changed(changed(NEW, *FIRST, "match", to="Host(`a.b`)"), *NOTE, REPLACES, to="web")
        assert not passes(there, stolen)
    finally:
        admin.ask("DELETE", f"{ingresses('apps')}/a-tenants")
        until(lambda: passes(there, NEW))


def test_a_persons_own_route_is_not_compared(there: Somebody, admin: Somebody) -> None:
    """The policies are about the approver alone."""
    made = changed(changed(NEW, *FIRST, "match", to="Host(`bank.example`)"), *NOTE, to={"a": "b"})
    answer = tried(admin, made)
    assert answer.done, answer.said


@pytest.mark.parametrize(
    "made", [BACK, BACK_FOR_EVERY_HOST, MARKER_BACK], ids=["rich", "every", "marker"]
)
def test_an_ingress_is_put_back_as_it_was(made: Manifest, back: Somebody) -> None:
    answer = tried(back, made)
    assert answer.done, answer.said


@pytest.mark.parametrize("what", INGRESSES)
def test_an_ingress_that_is_put_back_is_refused_with(what: str, back: Somebody) -> None:
    made, why = INGRESSES[what]
    answer = tried(back, made)
    assert (answer.code, why in answer.said) == (422, True), json.dumps(answer.body)


def test_the_api_group_of_traefik_2_is_compared_the_same_way(
    back: Somebody, admin: Somebody
) -> None:
    """By a policy of its own, since a policy reads one kind."""
    old = "traefik.containo.us"
    at = routes("apps", f"{old}/v1alpha1")
    bare = changed(NEW, *LABEL, HAND_OVER, to=None) | {"apiVersion": f"{old}/v1alpha1"}
    assert admin.ask(*create(at, bare)).done
    answer = back.ask("PUT", f"{at}/web", relabelled(admin, f"{at}/web", old))
    assert answer.done, answer.said
    made = changed(BACK, *LABEL, HAND_OVER, to=old)
    until(lambda: passes(back, made))
    for what, (wrong, why) in INGRESSES.items():
        if wrong["metadata"]["labels"][HAND_OVER] == "traefik.io":
            answer = tried(back, changed(wrong, *LABEL, HAND_OVER, to=old))
            assert (answer.code, why in answer.said) == (422, True), (what, answer)
    admin.ask("DELETE", f"{at}/web")


def relabelled(admin: Somebody, at: str, label: str) -> Manifest:
    """What is there, with the label."""
    live = admin.ask("GET", at).body
    return changed(live, *LABEL, HAND_OVER, to=label)


def test_without_a_labelled_object_nothing_is_created(back: Somebody, real: RealCluster) -> None:
    """Neither kind, in either direction."""
    answer = tried(back, NEW)
    assert (answer.code, "no params found" in answer.said) == (422, True), answer
    real.kubectl("label", "ingressroutes.traefik.io", "--all", "-n", "apps", f"{HAND_OVER}-")
    until(lambda: not passes(back, BACK))
    answer = tried(back, BACK)
    assert (answer.code, "no params found" in answer.said) == (422, True), answer
