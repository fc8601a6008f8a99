"""The judgement on an object, and the finding that a report keeps of it."""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from bot.domain.verdict import Verdict


class Ref(msgspec.Struct, frozen=True, order=True):
    """Which object is meant. `namespace` is empty for a cluster-scoped one."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """`Kind namespace/name`, or `Kind name` for a cluster-scoped object."""
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {place}{self.name}"


class FindingOf(Ref, frozen=True, kw_only=True):
    """The finding of one check on an object, where another check's finding on it explains nothing.

    A node, for example, has one for being cordoned and one for a link that is broken.
    """

    check: str

    @property
    def key(self) -> str:
        """The key of that finding."""
        return key_of(self.check, self)


class Target(Ref, frozen=True):
    """An object that is read or written by name: with its API group, empty for the core group."""

    group: str = ""


def key_of(check: str, subject: Ref) -> str:
    """The key of a finding: stable from one report to the next."""
    return f"{check}/{subject.kind}/{subject.namespace}/{subject.name}"


def subject_of(key: str) -> Ref:
    """The object of a finding, out of the finding's key; what a stored key lacks is empty."""
    _, kind, namespace, name = (*key.split("/", 3), "", "", "")[:4]
    return Ref(kind, namespace, name)


class Evidence(msgspec.Struct, frozen=True):
    """One thing that was seen, such as ("last termination of web", "OOMKilled, exit code 137")."""

    label: str
    value: str


class Alike(msgspec.Struct, frozen=True):
    """What objects have in common that fail alike: what made them, and in a word why they fail."""

    owner: Ref
    why: str


class Judgement(msgspec.Struct, frozen=True):
    """The verdict on one object.

    reason: A CamelCase word, the object's own where it has one (`CrashLoopBackOff`).
    since: When this state began, as far as the object says.
    follows: The objects that may have caused it, the likeliest first.
    named: Those of them in other namespaces that the object itself names, or that its controller
        made for it. Of what others write about themselves, nothing is among them.
    private: Only a test that somebody asked for in private shows it: it raises no public alert.
    noted: It is healthy, and people should know it nevertheless: a report tells it as a note.
    alike: Objects that have this in common, and no other cause, are one root.
    fact: What shows it beside objects, such as Traefik's log; empty where objects show it.
    seen_well: It failed, and was seen to work since. Of others a fault is only not seen any more.
    explains: Findings of other checks may follow from it. What was not looked at explains nothing.
    root: What it follows from where no finding of `follows` is there: a fault that is no object. It
    becomes a finding, one for all that have it.
    """

    verdict: Verdict
    reason: str = ""
    message: str = ""
    since: datetime | None = None
    evidence: tuple[Evidence, ...] = ()
    follows: tuple[Ref, ...] = ()
    named: tuple[Ref, ...] = ()
    private: bool = False
    noted: bool = False
    alike: Alike | None = None
    fact: str = ""
    seen_well: bool = False
    explains: bool = True
    root: Finding | None = None


HEALTHY = Judgement(verdict=Verdict.HEALTHY)
"""Shared, since most objects are healthy: their judges allocate nothing."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """An object that is not healthy, according to one check; or a note on one that is healthy.

    `cause` is the key of the finding that caused this one, if any. One check yields at most one
    finding for an object, so `key` stays the same while the object gets better or worse.
    `known_as` is what people know the object by, if it isn't the object itself: the workload of a
    pod, the Certificate of a challenge, the site of a route.
    """

    check: str
    subject: Ref
    verdict: Verdict
    reason: str
    message: str
    since: datetime | None = None
    evidence: tuple[Evidence, ...] = ()
    follows: tuple[Ref, ...] = ()
    private: bool = False
    cause: str | None = None
    known_as: Ref | None = None

    @property
    def key(self) -> str:
        """Stable from one report to the next: check and subject, never the message."""
        return key_of(self.check, self.subject)

    @property
    def unrecovered(self) -> bool:
        """Whether an earlier problem of the subject is not over while this finding exists.

        An object that is progressing tries again, and a suspended one stays as it was. A cordoned
        node is the exception: only a node that is otherwise healthy is reported as cordoned.
        """
        return not (self.verdict is Verdict.SUSPENDED and self.subject.kind == "Node")

    @property
    def code(self) -> str:
        """Seven characters that a person can type."""
        return code_of(self.key)


def code_of(key: str) -> str:
    """The code of the finding with that key: 35 bits of a hash."""
    digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
    number = int.from_bytes(digest, "big")
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(0, 35, 5))


_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32, without i, l, o and u, which are easily misread."""
