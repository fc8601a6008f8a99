"""Signatures: public keys from files, and RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2.2).

`bot.net.probing.signed_job` describes what is signed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from bot.probe.hashing import sha256

EXPONENT = 65537
BITS = range(3072, 4097)
MOST_FILES = 16
MOST_BYTES = 32 * 1024

DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""The DER of a DigestInfo up to a SHA-256 hash. Source: RFC 8017, 9.2, note 1."""


def moduli(path: Path, now: float) -> Iterator[int]:
    """The keys that are valid now, from a file or from each file of a folder.

    They are read anew for each job, since a mounted ConfigMap is replaced by swapping a link. What
    cannot be read is skipped.
    """
    try:
        # The names that a ConfigMap's volume uses for itself begin with a dot.
        files = [file_ for file_ in sorted(path.iterdir()) if not file_.name.startswith(".")]
    except OSError:
        files = [path]
    for file in files[:MOST_FILES]:
        for line in _lines(file):
            modulus = _modulus(line, now)
            if modulus.bit_length() in BITS:
                yield modulus


def is_signed(message: bytes, signature: bytes, modulus: int) -> bool:
    """Whether the holder of this key signed the message.

    It builds the complete encoded message and compares: a check that parses the padding of the
    given one could be satisfied without the key.
    """
    length = (modulus.bit_length() + 7) // 8
    number = int.from_bytes(signature, "big")
    if len(signature) != length or number >= modulus:
        return False
    info = DIGEST_INFO + sha256(message)
    wanted = b"\x00\x01" + b"\xff" * (length - len(info) - 3) + b"\x00" + info
    return pow(number, EXPONENT, modulus).to_bytes(length, "big") == wanted


def _lines(file: Path) -> list[bytes]:
    try:
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES).splitlines()
    except OSError:
        return []


def _modulus(line: bytes, now: float) -> int:
    """The key in a line; 0 where there is none, or it has expired."""
    try:
        key = json.loads(line)
        valid = isinstance(key, dict) and float(key["not_after"]) > now
        return int(key["modulus"], 16) if valid else 0
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return 0
