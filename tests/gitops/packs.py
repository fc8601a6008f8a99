"""Packs as somebody may write them, whole and with a right checksum."""

import hashlib
import zlib

COMMIT, TREE, BLOB, OFFSET_DELTA, NAME_DELTA = 1, 2, 3, 6, 7


def number(value: int) -> bytes:
    """A size in a delta: seven bits a byte, the lowest first."""
    digits = bytearray()
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes([*digits, value])


def head(kind: int, size: int) -> bytes:
    """The kind and size before an object."""
    first, rest = kind << 4 | size & 15, size >> 4
    return bytes([first | 128]) + number(rest) if rest else bytes([first])


def stored(kind: int, content: bytes, size: int | None = None, base: bytes = b"") -> bytes:
    """An object; `size` is what it says of itself."""
    said = len(content) if size is None else size
    return head(kind, said) + base + zlib.compress(content, 1)


def back(distance: int) -> bytes:
    """How far before it the base of a delta begins."""
    digits = [distance & 127]
    while distance := distance >> 7:
        distance -= 1
        digits.append(distance & 127 | 128)
    return bytes(reversed(digits))


def delta(base: int, result: int, *instructions: bytes) -> bytes:
    """A delta between two sizes."""
    return number(base) + number(result) + b"".join(instructions)


def copy(begin: int, length: int) -> bytes:
    """Copy a part of the base."""
    return b"\xff" + begin.to_bytes(4, "little") + length.to_bytes(3, "little")


def pack(*objects: bytes, count: int | None = None) -> bytes:
    """A pack; `count` is what it says of itself."""
    said = len(objects) if count is None else count
    body = b"PACK" + (2).to_bytes(4, "big") + said.to_bytes(4, "big") + b"".join(objects)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def name(kind: bytes, content: bytes) -> bytes:
    """The name of an object."""
    whole = kind + b" %d\0" % len(content) + content
    return hashlib.sha1(whole, usedforsecurity=False).digest()


def tree(*entries: tuple[str, bytes, bytes]) -> bytes:
    """A folder of (mode, name, object)."""
    return b"".join(mode.encode() + b" " + entry + b"\0" + of for mode, entry, of in entries)


def commit_of(root: bytes) -> bytes:
    """A commit of a folder."""
    person = b"owner <owner@home.lab> 0 +0000"
    return b"tree %s\nauthor %s\ncommitter %s\n\nx\n" % (root.hex().encode(), person, person)
