"""The Certificates that cert-manager's ingress-shim made from an Ingress, as manifests.

Source: cert-manager, pkg/controller/certificate-shim (sync.go, helper.go). The shim's own
Certificate belongs to the Ingress: when the Ingress is deleted, it goes too, and the secret is not
renewed any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from bot.ingress_conversion.known import Inventory
from bot.ingress_conversion.refusals import ConversionReason, Unconvertible
from bot.ingress_conversion.source import IngressSource
from bot.routing.addresses import parse

OWN = "cert-manager.io/"
ACME = "acme.cert-manager.io/"
GROUP = "cert-manager.io"
AUTOMATIC = "kubernetes.io/tls-acme"
ISSUERS = {"issuer": "Issuer", "cluster-issuer": "ClusterIssuer"}
USAGES = ("digital signature", "key encipherment")

TEXTS = {
    "common-name": ("commonName",),
    "duration": ("duration",),
    "renew-before": ("renewBefore",),
    "private-key-rotation-policy": ("privateKey", "rotationPolicy"),
    "private-key-algorithm": ("privateKey", "algorithm"),
    "private-key-encoding": ("privateKey", "encoding"),
    "subject-serialnumber": ("subject", "serialNumber"),
}
NUMBERS = {
    "revision-history-limit": ("revisionHistoryLimit",),
    "renew-before-percentage": ("renewBeforePercentage",),
    "private-key-size": ("privateKey", "size"),
}
LISTS = {
    "usages": ("usages",),
    "email-sans": ("emailAddresses",),
    "uri-sans": ("uris",),
    "subject-organizations": ("subject", "organizations"),
    "subject-organizationalunits": ("subject", "organizationalUnits"),
    "subject-countries": ("subject", "countries"),
    "subject-provinces": ("subject", "provinces"),
    "subject-localities": ("subject", "localities"),
    "subject-postalcodes": ("subject", "postalCodes"),
    "subject-streetaddresses": ("subject", "streetAddresses"),
}
MORE_NAMES = {"alt-names": "dnsNames", "ip-sans": "ipAddresses"}
"""Annotations that add to what `spec.tls` says."""


def certificates(source: IngressSource, known: Inventory) -> tuple[dict[str, Any], ...]:
    """A Certificate for each secret that the shim fills, unless a known Certificate fills it.

    Raises:
        Unconvertible: The issuer is not clear, or the shim needs the Ingress itself.
    """
    missing = {
        secret: hosts
        for secret, hosts in _hosts(source).items()
        if (source.namespace, secret) not in known.secrets
    }
    issuer = _issuer(source.annotations) if missing else None
    if issuer is None:
        return ()
    return tuple(_certificate(source, secret, hosts, issuer) for secret, hosts in missing.items())


def _hosts(source: IngressSource) -> dict[str, list[str]]:
    """The hosts of each secret; the shim ignores an entry without either."""
    hosts: dict[str, list[str]] = {}
    for tls in source.tls:
        if tls.secret_name and tls.hosts:
            hosts.setdefault(tls.secret_name, []).extend(tls.hosts)
    return hosts


def _issuer(annotations: Mapping[str, str]) -> dict[str, str] | None:
    """The `issuerRef`; None where the shim does nothing."""
    named = {
        kind: name
        for annotation, kind in ISSUERS.items()
        if (name := annotations.get(f"{OWN}{annotation}"))
    }
    if not named and annotations.get(AUTOMATIC) != "true":
        return None
    if not named:
        raise _unclear(f"{AUTOMATIC} means cert-manager's default issuer")
    if len(named) > 1:
        raise _unclear("both an issuer and a cluster issuer")
    ((kind, name),) = named.items()
    return {
        "name": name,
        "kind": annotations.get(f"{OWN}issuer-kind") or kind,
        "group": annotations.get(f"{OWN}issuer-group") or GROUP,
    }


def _certificate(
    source: IngressSource, secret: str, hosts: list[str], issuer: Mapping[str, str]
) -> dict[str, Any]:
    metadata = source.metadata(secret)
    if solver := _solver(source.annotations):
        metadata["annotations"] = solver
    spec: dict[str, Any] = {"secretName": secret, "issuerRef": dict(issuer)}
    for key, of_addresses in (("dnsNames", False), ("ipAddresses", True)):
        names = [host for host in dict.fromkeys(hosts) if bool(parse(host)) is of_addresses]
        if names:
            spec[key] = names
    spec["usages"] = list(USAGES)
    _fill(spec, source.annotations)
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": metadata,
        "spec": spec,
    }


def _solver(annotations: Mapping[str, str]) -> dict[str, str]:
    """The annotations that the shim copies for the solver of ACME's HTTP-01."""
    if annotations.get(f"{ACME}http01-edit-in-place") == "true":
        raise _unclear("http01-edit-in-place solves within this very Ingress")
    name = annotations.get(f"{ACME}http01-ingress-class")
    return {f"{ACME}http01-override-ingress-class": name} if name else {}


def _fill(spec: dict[str, Any], annotations: Mapping[str, str]) -> None:
    """Copy into a Certificate's spec what the annotations say."""
    for path, value in _values(annotations):
        *parents, last = path
        place = spec
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    for name, key in MORE_NAMES.items():
        if more := _list(annotations.get(f"{OWN}{name}", "")):
            spec[key] = list(dict.fromkeys([*spec.get(key, ()), *more]))
    if template := annotations.get(f"{OWN}secret-template"):
        spec["secretTemplate"] = _template(template)


def _values(annotations: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, path in TEXTS.items():
        if text := annotations.get(f"{OWN}{name}"):
            yield path, text
    for name, path in NUMBERS.items():
        if text := annotations.get(f"{OWN}{name}"):
            yield path, _number(name, text)
    for name, path in LISTS.items():
        if entries := _list(annotations.get(f"{OWN}{name}", "")):
            yield path, entries


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):  # noqa: PLR2004  # int32
        raise _unclear(f"{OWN}{name}: {text!r} is not a number")
    return int(text)


def _template(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, dict[str, str]])
    except msgspec.DecodeError as error:
        raise _unclear(f"{OWN}secret-template: {error}") from error


def _unclear(detail: str) -> Unconvertible:
    return Unconvertible(ConversionReason.UNCLEAR_CERTIFICATE, detail)
