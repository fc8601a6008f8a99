"""The objects of a pack, each inflated when it is read, within limits on every number in it.

Source: gitformat-pack(5). A pack is compressed and says itself how large its objects are, so a
small one can stand for any amount: each size is compared before anything is inflated.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from bot.gitops.refusals import FileReason, Stop

MIB = 1024 * 1024
KINDS = {1: b"commit", 2: b"tree", 3: b"blob", 4: b"tag"}
OFFSET_DELTA, NAME_DELTA = 6, 7
NAME = hashlib.sha1(usedforsecurity=False).digest_size
HEAD = 12
CHUNK = 4096
BITS = 64
"""Of a size, at most."""
KEPT = 4 * MIB
"""Bytes of inflated objects that are kept, as many deltas have the same base."""

SMALLER = (
    "Remove large files, or let the server leave them out: git config uploadpack.allowFilter true"
)


class PackError(ValueError):
    """It is no pack, or is cut off."""


@dataclass(frozen=True, slots=True)
class PackLimits:
    """What a pack may hold.

    `objects` is their number, `size` the bytes of each, `unpacked` the bytes that are inflated or
    made by deltas in all, `depth` how many deltas may stand on each other (git makes 50).
    """

    objects: int = 100_000
    size: int = MIB
    unpacked: int = 256 * MIB
    depth: int = 50


DEFAULT = PackLimits()


class _Entry(NamedTuple):
    """An object in the pack: `start` is where its compressed bytes begin, `base` is a delta's."""

    kind: int
    size: int
    start: int
    base: int | bytes


class Pack:
    """A pack with an index of our own, made by reading it once.

    Raises:
        PackError: It is no whole pack.
        Stop: It is larger than the limits.
    """

    def __init__(self, pack: bytes | bytearray, limits: PackLimits = DEFAULT) -> None:
        self._pack, self._limits = pack, limits
        self._places: dict[bytes, int] = {}
        self._depths: dict[int, int] = {}
        self._unpacked = 0
        self._kept: OrderedDict[int, tuple[bytes, bytes]] = OrderedDict()
        self._kept_bytes = 0
        self._index()

    def __contains__(self, name: bytes) -> bool:
        return name in self._places

    def __getitem__(self, name: bytes) -> tuple[bytes, bytes]:
        """The kind and the content of an object, by its name of 20 bytes.

        Raises:
            PackError: The pack does not hold it.
        """
        if name not in self:
            raise PackError(f"the object {name.hex()} is missing")
        return self._read(self._places[name])

    def _index(self) -> None:
        pack = self._pack
        count = int.from_bytes(pack[8:HEAD], "big")
        if pack[:4] != b"PACK" or len(pack) < HEAD + NAME:
            raise PackError("it isn't a pack")
        if count > self._limits.objects:
            _too_large(f"{count:,} objects, and {self._limits.objects:,} are read")
        if hashlib.sha1(memoryview(pack)[:-NAME], usedforsecurity=False).digest() != pack[-NAME:]:
            raise PackError("its checksum is wrong")
        later = list(self._later(count))
        while later:
            # A delta may name a base that comes after it.
            left = [at for at in later if not self._indexed(at)]
            if len(left) == len(later):
                raise PackError("a delta has no base")
            later = left

    def _later(self, count: int) -> Iterator[int]:
        """Index what can be; the places of deltas whose base is not known yet."""
        at = HEAD
        for _ in range(count):
            entry = self._entry(at)
            content, end = self._inflate(entry)
            if entry.kind in KINDS:
                self._keep(at, KINDS[entry.kind], content)
            if not self._indexed(at):
                yield at
            at = end

    def _indexed(self, at: int) -> bool:
        """Whether an object could be named."""
        entry = self._entry(at)
        if entry.kind not in KINDS:
            base = self._base(entry, at)
            if base is None:
                return False
            self._depths[at] = depth = self._depths.get(base, 0) + 1
            if depth > self._limits.depth:
                _too_large(
                    f"more than {self._limits.depth} deltas on each other. Pack it again: "
                    "git repack -adf"
                )
        kind, content = self._read(at)
        head = b"%s %d\0" % (kind, len(content))
        self._places[hashlib.sha1(head + content, usedforsecurity=False).digest()] = at
        return True

    def _base(self, entry: _Entry, at: int) -> int | None:
        """Where the base of a delta is; None where it is not indexed yet."""
        if isinstance(entry.base, bytes):
            return self._places.get(entry.base)
        base = at - entry.base
        if not HEAD <= base < at:
            raise PackError("a delta has no base")
        return base

    def _entry(self, at: int) -> _Entry:
        """The head of the object at a place."""
        byte, at_ = self._byte(at), at + 1
        kind, size, shift = byte >> 4 & 7, byte & 15, 4
        while byte & 128:
            byte, at_ = self._byte(at_), at_ + 1
            size |= (byte & 127) << shift
            shift += 7
            if shift > BITS:
                raise PackError("an object has no size")
        if size > self._limits.size:
            _too_large(_size_limit(size, self._limits.size))
        base: int | bytes = 0
        if kind == NAME_DELTA:
            base, at_ = bytes(self._pack[at_ : at_ + NAME]), at_ + NAME
        elif kind == OFFSET_DELTA:
            base, at_ = self._offset(at_)
        elif kind not in KINDS:
            raise PackError("an object of no kind")
        return _Entry(kind, size, at_, base)

    def _offset(self, at: int) -> tuple[int, int]:
        byte = self._byte(at)
        offset = byte & 127
        while byte & 128:
            at += 1
            byte = self._byte(at)
            offset = (offset + 1 << 7) | byte & 127
            if offset > len(self._pack):
                raise PackError("a delta has no base")
        return offset, at + 1

    def _byte(self, at: int) -> int:
        if at >= len(self._pack) - NAME:
            raise PackError("it is cut off")
        return self._pack[at]

    def _inflate(self, entry: _Entry) -> tuple[bytes, int]:
        """The bytes of an object (of a delta, as it is written), and where the next one begins."""
        self._unpack(entry.size)
        stream, at, whole = zlib.decompressobj(), entry.start, bytearray()
        end = len(self._pack) - NAME
        while not stream.eof:
            piece = self._pack[at : min(at + CHUNK, end)]
            if not piece:
                raise PackError("it is cut off")
            at += len(piece)
            try:
                whole += stream.decompress(piece, entry.size - len(whole) + 1)
            except zlib.error:
                raise PackError("an object is not compressed") from None
            if stream.unconsumed_tail or len(whole) > entry.size:
                break
        if len(whole) != entry.size or not stream.eof:
            raise PackError("an object has another size than it says")
        return bytes(whole), at - len(stream.unused_data)

    def _unpack(self, size: int) -> None:
        self._unpacked += size
        if self._unpacked > self._limits.unpacked:
            _too_large(f"more than {_mebibytes(self._limits.unpacked)} when it is unpacked")

    def _read(self, at: int) -> tuple[bytes, bytes]:
        """The kind and the content of the object at a place, one delta after the other."""
        deltas: list[_Entry] = []
        start = at
        while at not in self._kept:
            entry = self._entry(at)
            if entry.kind in KINDS:
                self._keep(at, KINDS[entry.kind], self._inflate(entry)[0])
                break
            deltas.append(entry)
            base = self._base(entry, at)
            if base is None or len(deltas) > self._limits.depth:
                raise PackError("a delta has no base")
            at = base
        kind, content = self._kept[at]
        self._kept.move_to_end(at)
        for entry in reversed(deltas):
            content = applied(content, self._inflate(entry)[0], self._limits.size)
            self._unpack(len(content))
        if deltas:
            self._keep(start, kind, content)
        return kind, content

    def _keep(self, at: int, kind: bytes, content: bytes) -> None:
        self._kept[at] = kind, content
        self._kept_bytes += len(content)
        while self._kept_bytes > KEPT and len(self._kept) > 1:
            _, (_, old) = self._kept.popitem(last=False)
            self._kept_bytes -= len(old)


def applied(base: bytes, delta: bytes, most: int) -> bytes:
    """What a delta makes of its base, of at most so many bytes.

    Raises:
        PackError: It is no delta, or one of another base.
        Stop: The result is too large.
    """
    size, at = _size(delta, 0)
    if size != len(base):
        raise PackError("a delta is of another base")
    wanted, at = _size(delta, at)
    if wanted > most:
        _too_large(_size_limit(wanted, most))
    result = bytearray()
    while at < len(delta) and len(result) <= wanted:
        code = delta[at]
        at += 1
        if code & 128:
            begin, length, at = _copied(delta, at, code)
            if begin + length > len(base):
                raise PackError("a delta is of another base")
            result += base[begin : begin + length]
        elif code:
            result += delta[at : at + code]
            at += code
        else:
            raise PackError("a delta has an unknown instruction")
    if len(result) != wanted or at != len(delta):
        raise PackError("a delta makes another size than it says")
    return bytes(result)


def _copied(delta: bytes, at: int, code: int) -> tuple[int, int, int]:
    """The part of the base that an instruction copies, and where the next instruction is."""
    numbers = [0] * 7
    for bit in range(7):
        if code >> bit & 1:
            if at >= len(delta):
                raise PackError("a delta is cut off")
            numbers[bit] = delta[at]
            at += 1
    begin = int.from_bytes(bytes(numbers[:4]), "little")
    return begin, int.from_bytes(bytes(numbers[4:]), "little") or 0x10000, at


def _size(delta: bytes, at: int) -> tuple[int, int]:
    size = shift = 0
    while at < len(delta) and shift < BITS:
        byte = delta[at]
        at += 1
        size |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            return size, at
    raise PackError("a delta is cut off")


def _size_limit(size: int, most: int) -> str:
    return f"an object of {_mebibytes(size)}, and {_mebibytes(most)} is read. {SMALLER}"


def _mebibytes(size: int) -> str:
    return f"{size / MIB:,.0f} MiB" if size >= MIB else f"{size / 1024:,.0f} KiB"


def _too_large(what: str) -> NoReturn:
    raise Stop(FileReason.TOO_LARGE, f"the branch has {what}")
