"""What a served certificate says of itself: until when, for which names, and by whom.

The standard library tells that only of a certificate that it accepts, so the few fields are read
here. Source: RFC 5280, 4.1 and 4.2.1.6; names match as RFC 9525, 6.3 has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

MOST_BYTES = 65536
MOST_PARTS = 1000
"""Elements of one level: a certificate may have hundreds of names."""

LONG = 0x80
"""In a length, the bit that says that its bytes follow."""

MOST_LENGTH = 3
VERSION, EXTENSIONS, DNS_NAME, SHORT_TIME = 0xA0, 0xA3, 0x82, 0x17
NAMES = bytes.fromhex("0603551d11")
"""The extension subjectAltName by its object identifier, 2.5.29.17."""

CENTURY = 50
"""A year of two digits from this one on is of the last century. Source: RFC 5280, 4.1.2.5.1."""

EXPIRED, NOT_YET, WRONG_NAME, SELF_SIGNED = "expired", "not yet valid", "wrong name", "self-signed"
UNKNOWN_ISSUER, UNCHECKED, UNFIT = "unknown issuer", "issuer not checked", "unfit"
UNREADABLE = "unreadable"

BY_CODE = {
    2: UNKNOWN_ISSUER,
    9: NOT_YET,
    10: EXPIRED,
    18: SELF_SIGNED,
    19: UNKNOWN_ISSUER,
    20: UNKNOWN_ISSUER,
    21: UNKNOWN_ISSUER,
}
"""OpenSSL's verify codes; any other one is UNFIT. Source: openssl-verification-options(1)."""


class _NotDer(Exception):
    """It never leaves this module."""


def examine(der: bytes, name: str, now: float, refused: int | None) -> dict[str, Any]:
    """Until when a certificate is valid (Unix time), and what is wrong with it for a name.

    refused: OpenSSL's verify code, 0 where it was accepted, None where nobody could verify it.
    """
    faults = {UNCHECKED} if refused is None else set()
    if refused:
        faults.add(BY_CODE.get(refused, UNFIT))
    try:
        begins, ends, names, self_signed = _read(der)
    except (_NotDer, ValueError, OverflowError):
        return {"faults": sorted({*faults, UNREADABLE})}
    if now < begins:
        faults.add(NOT_YET)
    if now > ends:
        faults.add(EXPIRED)
    if not any(_matches(pattern, name.lower()) for pattern in names):
        faults.add(WRONG_NAME)
    if self_signed and faults & {UNCHECKED, UNKNOWN_ISSUER}:
        faults = faults - {UNCHECKED, UNKNOWN_ISSUER} | {SELF_SIGNED}
    return {"ends": int(ends), "faults": sorted(faults)}


def _read(der: bytes) -> tuple[float, float, list[str], bool]:
    """When it begins and ends, its names, and whether its subject issued it."""
    if len(der) > MOST_BYTES:
        raise _NotDer
    ((_, certificate),) = _parts(der)
    (_, signed), *_ = _parts(certificate)
    fields = list(_parts(signed))
    if fields and fields[0][0] == VERSION:
        fields = fields[1:]
    # After the serial number and the algorithm.
    _, _, issuer, validity, subject, *rest = fields
    begins, ends = (_time(tag, content) for tag, content in _parts(validity[1]))
    extensions = next((content for tag, content in rest if tag == EXTENSIONS), b"")
    return begins, ends, list(_names(extensions)), issuer[1] == subject[1]


def _names(extensions: bytes) -> Iterator[str]:
    for _, listed in _parts(extensions):
        for _, extension in _parts(listed):
            if extension.startswith(NAMES):
                *_, (_, value) = _parts(extension)
                for _, names in _parts(value):
                    for tag, content in _parts(names):
                        if tag == DNS_NAME:
                            yield content.decode("ascii", "replace").lower()


def _parts(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements of one level, with their tags."""
    at = 0
    for _ in range(MOST_PARTS):
        if at == len(content):
            return
        tag, length = content[at : at + 1], int.from_bytes(content[at + 1 : at + 2], "big")
        at += 2
        if length >= LONG:
            count = length - LONG
            if not 1 <= count <= MOST_LENGTH:
                raise _NotDer
            length = int.from_bytes(content[at : at + count], "big")
            at += count
        if at + length > len(content):
            raise _NotDer
        yield tag[0], content[at : at + length]
        at += length
    raise _NotDer


def _time(tag: int, content: bytes) -> float:
    """Unix time. UTCTime has two digits for the year, GeneralizedTime has four."""
    text = content.decode("ascii")
    if tag == SHORT_TIME:
        text = f"{19 if int(text[:2]) >= CENTURY else 20}{text}"
    if not text.endswith("Z") or not text[:-1].isdecimal():
        raise _NotDer
    year, pairs = int(text[:4]), [int(text[at : at + 2]) for at in range(4, len(text) - 1, 2)]
    month, day, hour, minute, second = pairs
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()


def _matches(pattern: str, name: str) -> bool:
    """Whether a certificate's name is this one; a wildcard stands for one whole label."""
    if pattern.startswith("*."):
        return "." in name and pattern[2:] == name.partition(".")[2]
    return pattern == name
