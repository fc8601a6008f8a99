"""What stands in an object costs little: what is kept has a limit, and what was cut is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from bot.domain.report import judge_one
from bot.domain.resources import cert_manager, core, discovery, events, flux, networking, traefik
from bot.domain.resources.base import Object
from bot.domain.resources.decode import DEEPEST, decode_object, decode_page
from bot.domain.resources.limits import ENTRIES, LONG_TEXT, PAIRS, TEXT, VALUE
from bot.domain.resources.registry import KINDS
from bot.domain.resources.weighing import light
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.health.checks import CHECKS
from bot.kube.pods import ListedPod
from tests.builders import NOW
from tests.examples import examples

KIND_TYPES = (*(kind.type for kind in KINDS), core.Endpoints, events.EventObject, ListedPod)


def unlimited(wanted: inspect.Type, at: str) -> Iterator[str]:
    """The places below a type that may hold any amount of text."""
    if isinstance(wanted, LIMITED) and wanted.max_length is None:
        yield at
    if isinstance(wanted, inspect.StructType):
        for field in wanted.fields:
            yield from unlimited(field.type, f"{at}.{field.encode_name}")
    for one in wanted.types if isinstance(wanted, inspect.UnionType) else ():
        yield from unlimited(one, at)
    if isinstance(wanted, inspect.VarTupleType):
        yield from unlimited(wanted.item_type, f"{at}[]")
    if isinstance(wanted, inspect.DictType):
        yield from unlimited(wanted.key_type, f"{at} (a key)")
        yield from unlimited(wanted.value_type, f"{at}{{}}")
    if isinstance(wanted, inspect.AnyType | inspect.RawType | inspect.ListType | inspect.SetType):
        yield at


LIMITED = (inspect.StrType, inspect.VarTupleType, inspect.DictType)


@pytest.mark.parametrize("kind", KIND_TYPES, ids=lambda kind: kind.__name__)
def test_every_field_of_every_kind_has_a_limit(kind: type[Object]):
    """Annotations and labels have theirs by what is kept of them, which the next tests hold."""
    places = set(unlimited(inspect.type_info(kind), "$"))
    assert places <= {f"$.metadata.{name}" for name in OF_METADATA}


OF_METADATA = ("annotations", "annotations (a key)", "annotations{}", "labels")


A = "a" * 40_000
CONDITION = {"type": "Ready", "status": "True", "message": A}
HEAVY: dict[str, tuple[type[Object], dict]] = {
    "a rule": (traefik.IngressRoute, {"spec": {"routes": [{"match": f"Host(`{A}`)"}]}}),
    "a rule of TCP": (traefik.IngressRouteTCP, {"spec": {"routes": [{"match": A}]}}),
    "a pattern": (traefik.Middleware, {"spec": {"redirectRegex": {"regex": A}}}),
    "ranges": (traefik.Middleware, {"spec": {"ipAllowList": {"sourceRange": ["::1"] * 20_000}}}),
    "plugins": (traefik.Middleware, {"spec": {"plugin": {str(n): {} for n in range(5000)}}}),
    "a message": (cert_manager.Certificate, {"status": {"conditions": [CONDITION]}}),
    "conditions": (flux.Kustomization, {"status": {"conditions": [{"type": "A"}] * 5000}}),
    "containers": (core.Pod, {"spec": {"containers": [{"name": "a"}] * 5000}}),
    "an argument": (core.Pod, {"spec": {"containers": [{"name": "a", "args": [A]}]}}),
    "a reason": (core.Pod, {"status": {"reason": A}}),
    "endpoints": (discovery.EndpointSlice, {"endpoints": [{"addresses": ["10.0.0.1"]}] * 5000}),
    "addresses": (discovery.EndpointSlice, {"endpoints": [{"addresses": ["10.0.0.1"] * 5000}]}),
    "a port's name": (core.Service, {"spec": {"ports": [{"port": 80, "targetPort": A}]}}),
    "a selector": (core.Service, {"spec": {"selector": {str(n): "a" for n in range(5000)}}}),
    "a selector's value": (core.Service, {"spec": {"selector": {"app": A}}}),
    "a selector's key": (core.Service, {"spec": {"selector": {A: "a"}}}),
    "hosts": (networking.Ingress, {"spec": {"tls": [{"hosts": ["a.example"] * 5000}]}}),
    "finalizers": (core.Namespace, {"metadata": {"finalizers": ["a.example/b"] * 5000}}),
    "owners": (core.Pod, {"metadata": {"ownerReferences": [{"name": "a"}] * 5000}}),
    "DNS names": (cert_manager.Order, {"spec": {"dnsNames": ["a.example"] * 50_000}}),
    "an event": (events.EventObject, {"message": A}),
    "labels": (core.Pod, {"metadata": {"labels": {f"a{n}": "b" for n in range(10_000)}}}),
    "a label's value": (core.Pod, {"metadata": {"labels": {"app": A}}}),
    "the annotation that mutes": (
        core.Service,
        {"metadata": {"annotations": {"meshmedic.dev/mute": A}}},
    ),
    "annotations of Traefik": (
        networking.Ingress,
        {
            "metadata": {
                "annotations": {f"traefik.ingress.kubernetes.io/{n}": "a" for n in range(5000)}
            }
        },
    ),
    "services in routes": (
        traefik.IngressRoute,
        {"spec": {"routes": [{"services": [{"name": "a"}] * 200}] * 200}},
    ),
    "the mark itself": (core.Service, {"meshmedic.dev/malformed": [A] * 20}),
}


@pytest.mark.parametrize("of_what", HEAVY)
def test_what_is_too_long_is_cut_and_told(of_what: str):
    """The object is kept by its name, it is small, and it says that something is missing."""
    kind, fields = HEAVY[of_what]
    named = {"name": "web", "namespace": "tenant", **fields.get("metadata", {})}
    body = msgspec.json.encode({**fields, "metadata": named})
    resource = light(decode_object(body, kind))
    assert (resource.namespace, resource.name) == ("tenant", "web")
    assert resource.malformed
    assert len(msgspec.json.encode(resource)) < 800_000
    assert sum(map(len, resource.malformed)) < 20_000
    page = decode_page(b'{"metadata":{},"items":[' + body + b',{"metadata":{"name":"b"}}]}', kind)
    assert light(page.items[0]) == resource
    assert (page.items[1].name, page.items[1].malformed) == ("b", ())


def test_no_object_is_healthy_by_the_cut():
    """Each judge of each kind: an object of which something was cut is unknown, or worse."""
    for check in CHECKS:
        for kind, judge in check.judges.items():
            plain = {"metadata": {"name": "web", "namespace": "a", "finalizers": ["a"] * 2000}}
            resource = decode_object(msgspec.json.encode(plain), kind)
            snapshot = Snapshot(datetime.fromisoformat(NOW), {kind: (resource,)})
            verdict = judge_one(resource, judge, snapshot).verdict
            assert verdict.rank >= Verdict.UNKNOWN.rank, (check.name, kind)


def test_what_is_cut_keeps_its_beginning():
    """A message and a rule say most at their beginning."""
    status = {"conditions": [{"type": "Ready", "message": f"no route{A}"}]}
    body = msgspec.json.encode({"spec": {"routes": [{"match": f"Host(`a`){A}"}]}, "status": status})
    rule = decode_object(body, traefik.IngressRoute).spec.routes[0].match
    message = decode_object(body, cert_manager.Certificate).status.conditions[0].message
    assert (rule[:9], len(rule)) == ("Host(`a`)", LONG_TEXT)
    assert (message[:8], len(message)) == ("no route", TEXT)


def test_what_is_just_long_enough_is_whole():
    """The limits themselves are allowed."""
    labels = {f"a{n}": "b" * VALUE for n in range(PAIRS)}
    metadata = {"name": "a", "labels": labels, "annotations": {"meshmedic.dev/mute": "m" * TEXT}}
    containers = [{"name": "c"}] * ENTRIES
    plain = {"metadata": metadata, "spec": {"containers": containers}}
    pod = decode_object(msgspec.json.encode(plain), core.Pod)
    assert not pod.malformed
    assert pod.metadata.labels == labels


def test_ordinary_annotations_are_dropped_and_no_fault():
    """Kubectl keeps the whole object in one."""
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": A, "a.example/b": "c"}
    plain = {"metadata": {"name": "a", "annotations": annotations}}
    service = decode_object(msgspec.json.encode(plain), core.Service)
    assert (service.metadata.annotations, service.malformed) == (None, ())


def test_a_node_with_hundreds_of_labels_is_no_fault():
    """Node feature discovery writes as many; only some of them are read."""
    labels = {f"feature.node.kubernetes.io/{n}": "true" for n in range(500)}
    plain = {"metadata": {"name": "a", "labels": {**labels, CONTROL_PLANE: ""}}}
    node = decode_object(msgspec.json.encode(plain), core.Node)
    assert (node.metadata.labels, node.malformed) == ({CONTROL_PLANE: ""}, ())


CONTROL_PLANE = "node-role.kubernetes.io/control-plane"


@pytest.mark.parametrize("levels", [DEEPEST, 500, 20_000])
@pytest.mark.parametrize("pair", ["[]", '{"a":|}', '[{"]":|}]'])
def test_deep_json_ends_no_watch(levels: int, pair: str):
    """Plugins of a Middleware may hold any JSON; what is not kept does not matter."""
    begin, _, end = pair.partition("|") if "|" in pair else ("[", "", "]")
    deep = begin * levels + "1" + end * levels
    body = f'{{"metadata":{{"name":"a"}},"spec":{{"plugin":{{"x":{{"y":{deep}}}}},"retry":{{}}}}}}'
    page = f'{{"metadata":{{"continue":"next"}},"items":[{body},{body}]}}'.encode()
    middleware = decode_object(body.encode(), traefik.Middleware)
    assert (middleware.name, middleware.malformed) == ("a", ())
    assert middleware.spec.retry is not None
    decoded = decode_page(page, traefik.Middleware)
    assert (decoded.metadata.continue_, decoded.items) == ("next", (middleware,) * 2)


@given(st.lists(st.sampled_from('[]{}",:\\a'), max_size=300).map("".join), st.integers(0, 500))
def test_broken_deep_json_is_an_error_and_no_crash(text: str, levels: int):
    """Whatever comes is decoded, or refused as every broken answer is."""
    body = b'{"metadata":{"name":' + b"[" * levels + text.encode()
    try:
        decode_object(body, core.Service)
    except msgspec.DecodeError:
        return


@settings(max_examples=examples(40))
@given(st.sampled_from(sorted(HEAVY)), st.integers(0, 3000))
def test_cutting_reads_a_short_object_as_it_was_read(of_what: str, length: int):
    """The slow way gives the same object as the fast one, wherever nothing is too long."""
    kind, fields = HEAVY[of_what]
    short = msgspec.json.encode(fields).replace(A.encode(), b"a" * (length % 60))
    resource = light(decode_object(short, kind))
    with_null = {**msgspec.json.decode(short), "kind": None}
    again = decode_object(msgspec.json.encode(with_null), kind)
    assert resource.malformed or again == resource
