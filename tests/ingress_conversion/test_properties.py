"""Whatever the Ingress: a result or a refusal, and no result that an API server would not take."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from bot.ingress_conversion.convert import ConversionResult, convert
from bot.ingress_conversion.known import gather
from bot.ingress_conversion.target import ConversionTarget, version
from tests.crd_schema import ingress_route_errors
from tests.examples import examples
from tests.ingress_conversion.ingresses import NAMESPACE, TRAEFIK, a_backend

VERSIONS = ("2.10.7", "2.11.0", "3.0.0", "3.7.9")

NAMES = st.sampled_from(["web", "apps", "traefik", "*.a.b", "a`b", "", "é", "a-b"])
TEXTS = st.one_of(NAMES, st.text(max_size=8))
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 70000), TEXTS, st.just([]), st.just({})
)

KEYS = st.sampled_from(
    [
        *(f"{TRAEFIK}router.{each}" for each in (
            "tls", "entrypoints", "middlewares", "priority", "pathmatcher", "rulesyntax",
            "tls.certresolver", "tls.options", "tls.domains.0.main", "tls.domains.0.sans",
            "observability.metrics", "observability.traceverbosity", "unknown",
        )),
        "kubernetes.io/tls-acme",
        "cert-manager.io/issuer",
        "cert-manager.io/private-key-size",
        "external-dns.alpha.kubernetes.io/target",
    ]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(
        ["true", "false", "web", "web,websecure", "7", "-1", "v2", "Path", "apps-a@kubernetescrd",
         "other-a@kubernetescrd", "a@file", "le", "minimal", "traefik", "own", "2048"]
    ),
    TEXTS,
)  # fmt: skip


def a_maybe(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly what it should be, sometimes anything."""
    return st.integers(0, 60).flatmap(lambda n: ODD if n == 37 else good)


SERVICE_NAMES = st.sampled_from(["web", "two"])


def ingresses(version: str, backend: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Ingresses of an API version, which has its own way to write a backend."""
    backends = a_maybe(backend)
    paths = st.fixed_dictionaries(
        {
            "backend": backends,
            "path": a_maybe(st.sampled_from(["/", "/a", "/a/", "", "/`", '/"', "/\\d"])),
        },
        optional={
            "pathType": a_maybe(st.sampled_from(["Prefix", "Exact", "ImplementationSpecific"])),
        },
    )
    some = a_maybe(st.lists(a_maybe(paths), min_size=1, max_size=3))
    http = a_maybe(st.fixed_dictionaries({"paths": some}))
    rules = st.fixed_dictionaries({"http": http}, optional={"host": a_maybe(TEXTS)})
    tls = st.fixed_dictionaries(
        {}, optional={"secretName": a_maybe(TEXTS), "hosts": a_maybe(st.lists(TEXTS, max_size=2))}
    )
    spec = st.fixed_dictionaries(
        {"rules": a_maybe(st.lists(a_maybe(rules), min_size=1, max_size=3))},
        optional={
            "tls": a_maybe(st.lists(a_maybe(tls), max_size=3)),
            "defaultBackend": backends,
            "ingressClassName": a_maybe(st.just("traefik")),
        },
    )
    metadata = st.fixed_dictionaries(
        {"name": a_maybe(TEXTS)},
        optional={
            "namespace": a_maybe(st.just(NAMESPACE)),
            "labels": a_maybe(st.dictionaries(TEXTS, TEXTS, max_size=2)),
            "annotations": a_maybe(st.dictionaries(KEYS, a_maybe(VALUES), max_size=3)),
        },
    )
    return st.fixed_dictionaries(
        {
            "apiVersion": st.just(version),
            "kind": st.just("Ingress"),
            "metadata": a_maybe(metadata),
            "spec": a_maybe(spec),
        }
    )


SERVICE_NAMES = st.sampled_from(["web", "two"])
PORTS = st.sampled_from([80, 443, "http"])
INGRESSES = ingresses(
    "networking.k8s.io/v1", st.builds(a_backend, SERVICE_NAMES, PORTS)
) | ingresses(
    "extensions/v1beta1",
    st.fixed_dictionaries({"serviceName": SERVICE_NAMES, "servicePort": PORTS}),
)
SERVICE_KEYS = st.sampled_from(
    [f"{TRAEFIK}service.{each}" for each in (
        "serversscheme", "sticky.cookie", "passhostheader", "nativelb", "nodeportlb",
        "serverstransport", "middlewares", "x",
    )]
)  # fmt: skip
AROUND = st.lists(
    a_maybe(
        st.fixed_dictionaries(
            {
                "kind": st.sampled_from(["Service", "Middleware", "IngressRoute", "Certificate"]),
                "metadata": a_maybe(
                    st.fixed_dictionaries(
                        {"name": a_maybe(SERVICE_NAMES), "namespace": st.just(NAMESPACE)},
                        optional={
                            "annotations": a_maybe(
                                st.dictionaries(SERVICE_KEYS, VALUES, max_size=2)
                            )
                        },
                    )
                ),
                "spec": a_maybe(st.just({"ports": [{"name": "http", "port": 80}, {"port": 443}]})),
            }
        )
    ),
    max_size=3,
)


@settings(max_examples=examples(300))
@given(
    ingress=INGRESSES,
    around=AROUND,
    written=st.sampled_from(VERSIONS),
    strict=st.booleans(),
    added=st.integers(0, 1),
)
def test_there_is_no_third_outcome(
    data: Path, *, ingress: Any, around: Any, written: str, strict: bool, added: int
) -> None:
    found = version(written)
    assert found
    target = ConversionTarget(found, strict_prefix=strict)
    before = json.dumps(ingress)
    made = convert(ingress, gather(around), target, added_priority=added)
    event(made.code or made.result)
    assert json.dumps(ingress) == before
    assert bool(made.reason) == (made.result is not ConversionResult.CONVERTED)
    assert (made.code is not None) == (made.result is ConversionResult.REFUSED)
    assert bool(made.manifests) == (made.result is ConversionResult.CONVERTED)
    names = [(each["kind"], each["metadata"]["name"]) for each in made.manifests]
    assert len(set(names)) == len(names)
    for each in made.manifests:
        if each["kind"] == "IngressRoute":
            assert ingress_route_errors(dict(each), data, found) == []
            for route in each["spec"]["routes"]:
                assert all(service["nativeLB"] is True for service in route["services"])


@pytest.mark.parametrize(
    "strange", [{}, {"spec": None}, {"metadata": []}, {"spec": {"rules": [1]}}]
)
def test_a_strange_document_is_no_exception(strange: dict[str, Any]) -> None:
    assert convert(strange, gather([strange, 1, None]), ConversionTarget((3, 6, 13))).reason
