"""The Certificates that cert-manager's ingress-shim made from an Ingress, as manifests.

Source: cert-manager, pkg/controller/certificate-shim (sync.go, helper.go). The shim's own
Certificate belongs to the Ingress and would go with it, and with it the renewal.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from bot.ingress_conversion.certificate_fields import OWN, fill
from bot.ingress_conversion.known import Known
from bot.ingress_conversion.refusals import ConversionReason, Unfaithful
from bot.ingress_conversion.source import IngressSource

ACME = "acme.cert-manager.io/"
GROUP = "cert-manager.io"
AUTOMATIC = "kubernetes.io/tls-acme"
ISSUERS = {"issuer": "Issuer", "cluster-issuer": "ClusterIssuer"}
USAGES = ("digital signature", "key encipherment")


def certificates(source: IngressSource, known: Known) -> tuple[dict[str, Any], ...]:
    """A Certificate for each secret that the shim would fill, unless one was given.

    Raises:
        Unfaithful: The issuer is not to be told, or the shim needs the Ingress itself.
    """
    wanted = {
        secret: hosts
        for secret, hosts in _hosts(source).items()
        if (source.namespace, secret) not in known.secrets
    }
    if not wanted or not _is_shimmed(source.annotations):
        return ()
    issuer = _issuer(source.annotations)
    return tuple(_certificate(source, secret, hosts, issuer) for secret, hosts in wanted.items())


def _hosts(source: IngressSource) -> dict[str, tuple[str, ...]]:
    """The hosts of each secret; the shim passes over an entry without either."""
    found: dict[str, tuple[str, ...]] = {}
    for source_tls in source.tls:
        if source_tls.secret and source_tls.hosts:
            found[source_tls.secret] = (*found.get(source_tls.secret, ()), *source_tls.hosts)
    return found


def _is_shimmed(annotations: Mapping[str, str]) -> bool:
    named = any(annotations.get(f"{OWN}{annotation}") for annotation in ISSUERS)
    return named or annotations.get(AUTOMATIC) == "true"


def _issuer(annotations: Mapping[str, str]) -> dict[str, str]:
    named = {
        kind: name
        for annotation, kind in ISSUERS.items()
        if (name := annotations.get(f"{OWN}{annotation}"))
    }
    if not named:
        raise Unfaithful(
            ConversionReason.UNCLEAR_CERTIFICATE, f"{AUTOMATIC} means cert-manager's default issuer"
        )
    if len(named) > 1:
        raise Unfaithful(
            ConversionReason.UNCLEAR_CERTIFICATE, "both an issuer and a cluster issuer"
        )
    ((kind, name),) = named.items()
    return {
        "name": name,
        "kind": annotations.get(f"{OWN}issuer-kind") or kind,
        "group": annotations.get(f"{OWN}issuer-group") or GROUP,
    }


def _certificate(
    source: IngressSource, secret: str, hosts: tuple[str, ...], issuer: Mapping[str, str]
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": secret}
    if source.says_namespace:
        metadata["namespace"] = source.namespace
    if solved := dict(_solving(source.annotations)):
        metadata["annotations"] = solved
    spec: dict[str, Any] = {"secretName": secret, "issuerRef": dict(issuer)}
    for address, key in ((False, "dnsNames"), (True, "ipAddresses")):
        if found := [host for host in dict.fromkeys(hosts) if _is_address(host) is address]:
            spec[key] = found
    spec["usages"] = list(USAGES)
    fill(spec, source.annotations)
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": metadata,
        "spec": spec,
    }


def _solving(annotations: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What the shim hands on to the solver of ACME's HTTP-01."""
    if annotations.get(f"{ACME}http01-edit-in-place") == "true":
        raise Unfaithful(
            ConversionReason.UNCLEAR_CERTIFICATE,
            "http01-edit-in-place solves within this very Ingress",
        )
    if name := annotations.get(f"{ACME}http01-ingress-class"):
        yield f"{ACME}http01-override-ingress-class", name


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
