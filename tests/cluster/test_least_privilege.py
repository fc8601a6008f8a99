"""Least privilege, from what the code sends: that is allowed, and with one thing more it is not.

Every request is recorded from the code. After that RBAC stands aside: account and approver may do
everything, as a later role might let them, so that what refuses is an admission policy alone.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.net.probing import wget
from bot.net.probing.protocol import Probe, ProbeKind
from bot.net.request.destination import Destination
from tests.cluster import mutations
from tests.cluster.approving import JSON, MERGE
from tests.cluster.asking import (
    APPROVER,
    APPROVER_SUBJECT,
    RBAC,
    Answer,
    Somebody,
    service_account,
)
from tests.cluster.deployed import COMPONENTS, LISTED, install_kinds, install_only, until
from tests.cluster.scene import RESTRICTED, named, set_the_scene, within
from tests.cluster.sent import CAPABILITIES, Recording, Sent
from tests.cluster.test_doctor import as_account
from tests.cluster.test_rbac_flux import OBJECTS as FLUX
from tests.clusters.real import RealCluster
from tests.remediation.planning.situations import a_route, a_service, an_ingress

POLICY = "ValidatingAdmissionPolicy"
ACCOUNT = {"kind": "ServiceAccount", "name": "meshmedic", "namespace": "meshmedic"}
TRAEFIK = "/api/v1/namespaces/kube-system/pods"


@pytest.fixture(scope="module")
def bot(
    real: RealCluster, data: Path, tmp_path_factory: pytest.TempPathFactory, admin: Somebody
) -> Iterator[Somebody]:
    """The account with every component, in front of what its capabilities are about."""
    install_kinds(real, data)
    folder = tmp_path_factory.mktemp("least")
    install_only(real, folder, COMPONENTS, bindings=LISTED)
    set_the_scene(real)
    real.apply(within("meshmedic", named("v1", "Pod", "meshmedic-1", spec=RESTRICTED)))
    for name in ("traefik-5d8c", "coredns-1"):
        real.apply(within("kube-system", named("v1", "Pod", name, spec=RESTRICTED)))
    for at, tree in FLUX.items():
        admin.ask("DELETE", f"{at}/tree")
        assert admin.ask("POST", at, tree).done
    for old in ("lease/meshmedic", "changes --all", "configmaps -l app.kubernetes.io/managed-by"):
        real.kubectl("delete", "-n", "meshmedic", "--ignore-not-found", *old.split())
    made = service_account(real, "meshmedic", "meshmedic")
    foreign = within("meshmedic", named("v1", "ConfigMap", "foreign"))
    at = "/api/v1/namespaces/meshmedic/configmaps?dryRun=All"
    until(lambda: POLICY in made.ask("POST", at, foreign).said)
    yield made
    install_only(real, folder, ())


def put_back(real: RealCluster, *objects: dict[str, Any]) -> None:
    """What a repair is about, as it was before."""
    for kind in ("ingresses", "ingressroutes.traefik.io", "services"):
        real.kubectl("delete", kind, "-n", "apps", "web", "--ignore-not-found")
    # Any free address does.
    real.apply(a_service() | {"spec": {"ports": [{"port": 80}]}}, *objects)


@dataclass
class Trials:
    """Each write of the code, changed in one place, before it is sent as it is.

    A write is tried where one of the same fields was not tried before. `refused` counts who
    refused: a policy, RBAC, or the API server because no object can be like that. `taken` are the
    changes that nobody refused.
    """

    bot: Somebody
    admin: Somebody
    tried: set[Any] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)
    taken: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def __call__(self, request: Sent) -> None:
        """Try the changes of one write."""
        what = (request.method, *place(request.path), shape(request.body))
        if request.method == "DELETE" or ("dryRun", "All") in request.query or what in self.tried:
            return
        self.tried.add(what)
        await asyncio.to_thread(self._try, request)

    def _try(self, request: Sent) -> None:
        known, schema = self._schema(request)
        for mutation in mutations.additions(request.body, known, schema):
            answer = asked(self.bot, request, mutation.body)
            if not answer.done:
                self.refused[POLICY if POLICY in answer.said else str(answer.code)] += 1
            elif mutations.found(answer.body, mutation.place) == mutation.value:
                resource, _, rest = place(request.path)
                self.taken.add(f"{request.method} {resource}{rest} {mutation.title}")
        for other in elsewhere(request):
            answer = asked(self.bot, other, other.body)
            if answer.done:
                self.moved.add(other.title)
            else:
                self.refused["moved"] += 1

    def _schema(self, request: Sent) -> tuple[dict[str, Any], dict[str, Any]]:
        """The API server's schemas of a group, and the one of the object that is written."""
        start = request.path.lstrip("/").partition("/namespaces/")[0]
        if start not in self.documents:
            self.documents[start] = self.admin.ask("GET", f"/openapi/v3/{start}").body
        known = self.documents[start]["components"]["schemas"]
        kind = request.body.get("kind") or PATCHED[place(request.path)[0]]
        return known, next(
            schema
            for schema in known.values()
            if kind in [each["kind"] for each in schema.get(GVK, ()) if "kind" in each]
            and "metadata" in schema.get("properties", ())
        )


GVK = "x-kubernetes-group-version-kind"
PATCHED = {
    "configmaps": "ConfigMap",
    "kustomizations": "Kustomization",
    "gitrepositories": "GitRepository",
}
"""The kinds of which the code sends patches, which do not name theirs."""


def place(path: str) -> tuple[str, str, str]:
    """Resource, namespace and subresource of a path."""
    namespace, resource, *rest = path.partition("/namespaces/")[2].split("/")
    return resource, namespace, f"/{rest[1]}" if len(rest) > 1 else ""


def elsewhere(request: Sent) -> Iterator[Sent]:
    """The same write in namespaces that it is not for."""
    own = request.path
    _, namespace, _ = place(own)
    for other in ("bank", "kube-system", "flux-system", "meshmedic", "meshmedic-probe"):
        if other != namespace:
            body = request.body
            if "namespace" in body.get("metadata", {}):
                body = body | {"metadata": body["metadata"] | {"namespace": other}}
            at = own.replace(f"/namespaces/{namespace}/", f"/namespaces/{other}/")
            yield replace(request, path=at, body=body)


@pytest.fixture(scope="module")
def trials(bot: Somebody, admin: Somebody) -> Trials:
    return Trials(bot, admin)


@pytest.fixture(scope="module")
def sent(trials: Trials, real: RealCluster, tmp_path_factory: pytest.TempPathFactory) -> list[Sent]:
    """Every write of every capability, each of which the API server took from the account."""
    return asyncio.run(recorded(real, tmp_path_factory.mktemp("recording"), trials))


async def recorded(real: RealCluster, folder: Path, trials: Trials) -> list[Sent]:
    """What the capabilities send, one after the other."""
    collected: list[Sent] = []
    async with as_account(real, folder, "meshmedic", "meshmedic") as api:
        for name, capability in CAPABILITIES.items():
            put_back(real, a_route() if "nativeLB" in name else an_ingress())
            recording = Recording(api, trials, name)
            await capability(recording)
            collected += recording.sent
    put_back(real, an_ingress())
    return collected


@pytest.fixture(scope="module")
def mighty(bot: Somebody, sent: list[Sent], real: RealCluster) -> Iterator[Somebody]:
    """The account after somebody's mistake: RBAC refuses neither it nor the approver anything."""
    role = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "cluster-admin"}
    binding = named(
        *(f"{RBAC}/v1", "ClusterRoleBinding", "mistake"),
        roleRef=role,
        subjects=[ACCOUNT, APPROVER_SUBJECT],
    )
    real.apply(binding)
    until(lambda: bot.ask("GET", "/api/v1/namespaces/kube-system/secrets").done)
    yield bot
    real.kubectl("delete", "clusterrolebinding", "mistake")


def asked(somebody: Somebody, request: Sent, body: Any) -> Answer:
    """The request with another body, as a dry run."""
    query = [(key, value) for key, value in request.query if key != "dryRun"]
    if request.method == "DELETE":
        body = {**(body or {}), "dryRun": ["All"]}
    else:
        query.append(("dryRun", "All"))
    place = f"{request.path}?{urlencode(query)}"
    return somebody.acting(request.headers).ask(request.method, place, body, request.content_type)


def test_everything_that_the_code_writes_is_allowed(sent: list[Sent]) -> None:
    """Recording would have failed otherwise; here is that something was recorded of each."""
    assert {request.capability for request in sent} == set(CAPABILITIES)


def shape(body: Any) -> Any:
    """The fields of a body, without their values."""
    if isinstance(body, dict):
        return tuple(sorted((key, shape(value)) for key, value in body.items()))
    return tuple(map(shape, body)) if isinstance(body, list) else None


SAID_BY_AN_INGRESS = "an Ingress can say it of its own Services"
WHAT_A_PLAN_WRITES = "it is what a plan may write"
ALSO_TAKEN = {
    "POST jobs spec.template.spec.containers.0.imagePullPolicy=Always": "what the API server sets",
    "POST jobs spec.template.spec.dnsPolicy=ClusterFirst": "what the API server sets",
    "POST jobs spec.template.spec.containers.0.args=['a']": "the prober refuses what is no job",
    "PUT ingressroutes spec.routes.0.services.0.nativeLB=True": WHAT_A_PLAN_WRITES,
    "PUT ingressroutes spec.routes.0.priority=1": WHAT_A_PLAN_WRITES,
    "POST ingressroutes spec.tls={}": SAID_BY_AN_INGRESS,
    "POST ingressroutes spec.entryPoints=['a']": SAID_BY_AN_INGRESS,
    "POST ingressroutes spec.routes.0.syntax=a": SAID_BY_AN_INGRESS,
    "POST ingressroutes spec.routes.0.services.0.weight=1": SAID_BY_AN_INGRESS,
    "POST ingressroutes spec.routes.0.services.0.passHostHeader=True": SAID_BY_AN_INGRESS,
    "POST ingressroutes spec.routes.0.services.0.scheme=a": SAID_BY_AN_INGRESS,
    "POST ingresses spec.tls=[{}]": SAID_BY_AN_INGRESS,
    "POST ingresses metadata.labels={'a.example/b': 'c'}": "a dry run without the label rehearses",
}
"""The changes that are taken all the same, and why they may be."""


def test_no_write_may_have_another_field(sent: list[Sent], trials: Trials) -> None:
    """For each field that the schema has and the code does not send, at any depth."""
    assert trials.refused[POLICY] > 300
    assert trials.taken == set(ALSO_TAKEN)


def test_no_write_may_go_elsewhere(sent: list[Sent], trials: Trials) -> None:
    """Into a namespace that it is not for."""
    assert trials.refused["moved"] > 50
    assert trials.moved == set()


def own_command_lines() -> list[tuple[str, ...]]:
    """Every form of what the code runs in Traefik's container."""
    url = "http://10.42.0.5:8080/healthz?a=%20b"
    probes = (
        Probe(
            id="a", kind=ProbeKind.HTTP, address="10.42.0.5", port=80, name="a.example", path="/"
        ),
        Probe(id="a", kind=ProbeKind.HTTP, address="fd00::5", port=80, path="/a?b=c"),
        Probe(id="a", kind=ProbeKind.TCP, address="10.42.0.5", port=80),
        Probe(id="a", kind=ProbeKind.DNS, name="web.apps.svc.cluster.local", port=80),
    )
    written = [wget.probe_argv(probe, gnu=gnu) for probe in probes for gnu in (True, False)]
    api = [
        ("wget", "-qO-", "-T", "8", f"http://127.0.0.1:8080{base}/api/{place}")
        for base in ("", "/traefik")
        for place in (
            "rawdata",
            "http/routers?page=1&per_page=100",
            "http/services?page=2&per_page=100",
        )
    ]
    requests = (
        Destination(text=url, address="10.42.0.5", port=8080, path="/healthz?a=%20b"),
        Destination(text=url, name="web.apps.svc.cluster.local", port=443, tls=True),
    )
    assert all(isinstance(argv, tuple) for argv in written)
    asked_for = [wget.request_argv(to, gnu=gnu) for to in requests for gnu in (True, False)]
    return [*written, *asked_for, *api]


def run(
    somebody: Somebody, words: tuple[str, ...], pod: str = "traefik-5d8c", **how: str
) -> Answer:
    """A command in a container, by WebSocket."""
    options = {"container": "traefik", "stdout": "true", "stderr": "true"} | how
    query = [(key, value) for key, value in options.items() if value]
    query += [("command", word) for word in words]
    return somebody.ask("GET", f"{TRAEFIK}/{pod}/exec?{urlencode(query)}")


@pytest.mark.parametrize("words", own_command_lines(), ids=" ".join)
def test_each_command_line_of_the_code_is_admitted(words: tuple[str, ...], bot: Somebody) -> None:
    """As far as that goes: no kubelet has the pod."""
    answer = run(bot, words)
    assert (answer.code, POLICY in answer.said) == (400, False), answer


WORSE = (
    *("-i", "/etc/passwd", "-e", "use_askpass=/bin/sh", "--use-askpass=/bin/sh", "-o", "-a"),
    *("--post-file=/data/acme.json", "--body-file=/data/acme.json", "--post-data=a", "--execute=a"),
    *("-O", "-O-", "-P", "/a", "--input-file=/etc/passwd", "--load-cookies=/a", "--warc-file=a"),
    *(
        "--ca-certificate=/a",
        "--method=DELETE",
        "--header",
        "Host: a b",
        "X-A: b",
        "-x",
        "-r",
        "-m",
    ),
    *("sh", "-c", "busybox", "", " ", "\n", "--", "-", "http://10.42.0.5/", "-T", "--config=/a"),
)
HOSTS = (
    *("127.0.0.1", "127.1", "127.255.255.254", "0", "0.0.0.0", "2130706433", "017700000001"),  # noqa: S104
    *("0x7f000001", "0x7f.1", "127.0x1", "127.0.0.1.", "0177.0.0.1", "127.0.0.01"),
    *("169.254.169.254", "169.254.43518", "2852039166", "0xa9fea9fe", "0xA9.0xFE.0xA9.0xFE"),
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    *("[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[::ffff:a9fe:a9fe]", "[64:ff9b::127.0.0.1]"),
    *(
        "[fe80::1]",
        "[FE80::1]",
        "[febf::1]",
        "[ff02::1]",
        "[fe80::1%25eth0]",
        "[2002:7f00:1::]",
        "224.0.0.1",
    ),
    *("localhost", "LOCALHOST", "localhost.", "a.localhost", "ip6-localhost", "ip6-loopback"),
    *(
        "255.255.255.255",
        "0.0.0.5",
        "240.0.0.1",
        "user@10.42.0.5",
        "10.42.0.5@127.0.0.1",
        "a b",
        "",
        ".",
        "a..b",
        "[10.42.0.5",
    ),
)
"""Where a command has nothing to ask: loopback, link-local and multicast in each spelling."""

URLS = (
    *("file:///etc/passwd", "ftp://10.42.0.5/", "-i", "a", "", "http:///", "http:10.42.0.5/"),
    *("http://a/ -O /data/x", "http://a/\n-O", "HTTP://127.0.0.1/", "http://a", "http://a/\u00e9"),
    *(f"http://{host}/" for host in HOSTS),
    *(f"https://{host}:8080/a" for host in HOSTS),
)


def worse(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The command line with a word more at each place, one fewer, two joined, or another URL."""
    for number in range(len(words) + 1):
        yield from ((*words[:number], word, *words[number:]) for word in WORSE)
    for number in range(len(words)):
        yield (*words[:number], *words[number + 1 :])
        others = WORSE if number + 1 < len(words) else ()
        yield from ((*words[:number], word, *words[number + 1 :]) for word in others)
    yield from ((*words[:-1], url) for url in URLS)
    yield from (
        (*words[:number], f"{words[number]}{glue}{words[number + 1]}", *words[number + 2 :])
        for number in range(len(words) - 1)
        for glue in (" ", "\n", "=")
    )


def test_no_other_command_line_is_admitted(bot: Somebody) -> None:
    """Options in each place, other programs, other URLs: some thousands of command lines."""
    own = set(own_command_lines())
    shapes = {words[:-1]: words for words in own}
    tried = {other for words in shapes.values() for other in worse(words)} - own
    admitted = [
        words
        for words in sorted(tried)
        if "wget alone, with the options" not in run(bot, words).said
    ]
    assert len(tried) > 1000
    assert admitted == []


@pytest.mark.parametrize(
    "how",
    [
        {"stdin": "true"},
        {"tty": "true"},
        {"container": ""},
        {"container": "sidecar"},
        {"pod": "coredns-1"},
        {"pod": "svclb-traefik-1"},
    ],
    ids=str,
)
def test_a_right_command_is_refused_elsewhere_or_with_input(
    how: dict[str, str], bot: Somebody
) -> None:
    """In another container or pod, with input or a terminal."""
    answer = run(bot, own_command_lines()[0], **how)
    assert (answer.code, "'meshmedic-exec'" in answer.said) == (422, True), answer


@pytest.mark.parametrize("subresource", ["attach?stdin=true", "portforward", "exec"])
def test_nothing_else_is_done_to_traefiks_pods(subresource: str, mighty: Somebody) -> None:
    """Also where RBAC would let it."""
    answer = mighty.ask("POST", f"{TRAEFIK}/traefik-5d8c/{subresource}")
    assert (answer.code, POLICY in answer.said) == (422, True), answer


def test_no_write_goes_elsewhere_whatever_rbac_lets(mighty: Somebody, sent: list[Sent]) -> None:
    """No policy knows which namespaces the overlay lists for the approver: `bank` may be one."""
    writes = {(write.method, *place(write.path)): write for write in sent if write.body}
    refused, let_through = 0, set[str]()
    for request in writes.values():
        for other in elsewhere(request):
            namespace = place(other.path)[1]
            answer = asked(mighty, other, other.body)
            refused += POLICY in answer.said
            if answer.done and (namespace != "bank" or not request.headers):
                let_through.add(f"{request.method} {place(request.path)[0]} in {namespace}")
    assert let_through == set()
    assert refused > 20


OF_POLICIES = frozenset({"validatingadmissionpolicies", "validatingadmissionpolicybindings"})
"""No admission policy can be about policies: only RBAC keeps the bot from these."""


def written_kinds(admin: Somebody) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where each kind that can be made and deleted is, for which somebody has made an object."""
    groups = [
        group["preferredVersion"]["groupVersion"]
        for group in admin.ask("GET", "/apis").body["groups"]
    ]
    for root in ("/api/v1", *(f"/apis/{group}" for group in groups)):
        for kind in admin.ask("GET", root).body["resources"]:
            if {"create", "list", "delete"} <= set(kind["verbs"]) and "/" not in kind["name"]:
                listed = admin.ask("GET", f"{root}/{kind['name']}?limit=1").body
                for item in listed.get("items") or ():
                    head = {"apiVersion": listed["apiVersion"], "kind": kind["kind"]}
                    namespace = item["metadata"].get("namespace")
                    at = f"/namespaces/{namespace}" if namespace else ""
                    yield f"{root}{at}/{kind['name']}", item | head


MAY_END = {
    "DELETE /apis/networking.k8s.io/v1/namespaces/apps/ingresses",
    "DELETE /apis/traefik.io/v1alpha1/namespaces/apps/ingressroutes",
}
"""An Ingress that nobody keeps, and an IngressRoute that the bot made, where tests left one."""


def test_no_object_of_another_kind_is_written_whatever_rbac_lets(
    mighty: Somebody, admin: Somebody
) -> None:
    """A label on something of each kind that the cluster has, and its end."""
    let_through: dict[str, set[str]] = {"account": set(), "approver": set()}
    refused = 0
    kinds = [each for each in written_kinds(admin) if each[0].rpartition("/")[2] not in OF_POLICIES]
    for who, somebody in (("account", mighty), ("approver", mighty.acting(APPROVER))):
        for at, item in kinds:
            name = item["metadata"]["name"]
            label = {"metadata": {"labels": {"a.example/b": "c"}}}
            for method, path, body in (
                ("PATCH", f"{at}/{name}", label),
                ("DELETE", f"{at}/{name}", {"dryRun": ["All"]}),
            ):
                answer = somebody.ask(
                    method, f"{path}?dryRun=All", body, MERGE if method == "PATCH" else JSON
                )
                if answer.done:
                    let_through[who].add(f"{method} {at}")
                refused += POLICY in answer.said
    assert refused > 3 * len(kinds) > 75
    assert let_through["account"] == set()
    assert let_through["approver"] <= MAY_END
