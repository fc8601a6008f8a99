"""The annotations of cert-manager's ingress-shim, and where a Certificate has the same.

Source: cert-manager, pkg/controller/certificate-shim/helper.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from bot.ingress_conversion.refusals import ConversionReason, Unfaithful

OWN = "cert-manager.io/"
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


def fill(spec: dict[str, Any], annotations: Mapping[str, str]) -> None:
    """Take over into a Certificate's spec what the annotations say.

    Raises:
        Unfaithful: One of them has a value that cert-manager would not take.
    """
    for path, value in _said(annotations):
        _put(spec, path, value)
    for name, key in MORE_NAMES.items():
        if more := _list(annotations.get(f"{OWN}{name}", "")):
            spec[key] = list(dict.fromkeys([*spec.get(key, ()), *more]))
    if template := annotations.get(f"{OWN}secret-template"):
        spec["secretTemplate"] = _template(template)


def _said(annotations: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, path in TEXTS.items():
        if text := annotations.get(f"{OWN}{name}"):
            yield path, text
    for name, path in NUMBERS.items():
        if text := annotations.get(f"{OWN}{name}"):
            yield path, _number(name, text)
    for name, path in LISTS.items():
        if found := _list(annotations.get(f"{OWN}{name}", "")):
            yield path, found


def _put(spec: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    *parents, last = path
    for parent in parents:
        spec = spec.setdefault(parent, {})
    spec[last] = value


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):  # noqa: PLR2004  # int32
        raise Unfaithful(
            ConversionReason.UNCLEAR_CERTIFICATE, f"{OWN}{name}: {text!r} is no number"
        )
    return int(text)


def _template(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, dict[str, str]])
    except msgspec.DecodeError as error:
        raise Unfaithful(
            ConversionReason.UNCLEAR_CERTIFICATE, f"{OWN}secret-template: {error}"
        ) from error
