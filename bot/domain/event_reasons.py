"""Reasons that stand in no object's status: its controller tells them by an event alone.

External Secrets' condition is always "could not get secret data from provider", cert-manager leaves
an Order pending for ever where no solver fits, and a pod that cannot mount a volume is "creating".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from bot.domain.finding import Evidence, Finding, Judgement, Ref
from bot.domain.redaction.redact import redact
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict

LONGEST = 300
"""Characters of an event that are kept, after redaction."""

READ = 4096
"""Characters of an event that are looked at, since anybody may write events."""

LABEL = "event"
"""The evidence that keeps an event with its finding."""

ANY = re.compile("")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Which events explain which findings.

    reasons: The findings' reasons; None for any.
    events: The events' reasons.
    says: What the event's message holds.
    """

    kind: str
    reasons: frozenset[str] | None
    events: frozenset[str]
    says: re.Pattern[str] = ANY

    def fits(self, kind: str, reason: str) -> bool:
        """Whether it explains such a finding."""
        return kind == self.kind and (self.reasons is None or reason in self.reasons)


STARTING = frozenset({"ContainerCreating", "PodInitializing", "ContainersNotReady", "NotReady"})
PULLING = frozenset({"ImagePullBackOff", "ErrImagePull", "RegistryUnavailable"})
MOUNTING = frozenset(
    {"FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedCreatePodSandBox"}
)
ENDED = frozenset({"Error", "CrashLoopBackOff", "Completed"})

EXPLANATIONS = (
    Explanation("ExternalSecret", frozenset({"SecretSyncedError"}), frozenset({"UpdateFailed"})),
    Explanation("PushSecret", None, frozenset({"Errored"})),
    Explanation("Order", None, frozenset({"Solver", "BadConfig", "CreateError"})),
    Explanation("CertificateRequest", None, frozenset({"IssuerNotFound"})),
    Explanation("Pod", STARTING, MOUNTING),
    Explanation("Pod", PULLING, frozenset({"Failed"}), re.compile("pull|resolve")),
    Explanation(
        "Pod", STARTING - {"ContainerCreating", "PodInitializing"}, frozenset({"Unhealthy"})
    ),
    Explanation("Pod", ENDED, frozenset({"Unhealthy"}), re.compile("^(?:Liveness|Startup)")),
    Explanation(
        "PersistentVolumeClaim",
        None,
        frozenset({"ProvisioningFailed", "FailedBinding", "WaitForFirstConsumer"}),
    ),
    Explanation(
        "CronJob",
        frozenset({"NotScheduled"}),
        frozenset({"FailedCreate", "FailedNeedsStart", "TooManyMissedTimes"})
        | frozenset({"UnknownTimeZone", "UnparseableSchedule", "InvalidSchedule"}),
    ),
    Explanation(
        "Service",
        frozenset({"NoAddress"}),
        frozenset({"AllocationFailed", "SyncLoadBalancerFailed"}),
    ),
    *(
        Explanation(kind, None, frozenset({"FailedCreate"}))
        for kind in ("DaemonSet", "Job", "ReplicaSet", "ReplicationController", "StatefulSet")
    ),
)

EMPTY = frozenset({"could not get secret data from provider"})
"""Messages of events that say no more than the condition does."""

HINDERING = frozenset({"FailedCreate"})
"""Events of something that is not under way, whatever its numbers say."""

HINDERS = timedelta(minutes=10)
"""How long after such an event nothing is under way: an older trouble may be over."""

SETTLED_BY = {"FailedCreate": "SuccessfulCreate"}
"""The event after which another one tells nothing any more."""


class Told(msgspec.Struct, frozen=True):
    """What an event said: its reason, and its message without secrets."""

    reason: str
    message: str
    at: datetime | None = None


class EventReasons(msgspec.Struct, frozen=True):
    """What events said of objects, the newest first: a supplement of a snapshot."""

    by_subject: Mapping[Ref, tuple[Told, ...]]


def latest(subject: Ref, reason: str, snapshot: Snapshot) -> Told | None:
    """The newest event of an object with this reason; None where none is known."""
    events = snapshot.supplement(EventReasons)
    said = events.by_subject.get(subject, ()) if events else ()
    return next((event for event in said if event.reason == reason), None)


def told(reason: str, message: str, at: datetime | None) -> Told:
    """What an event said, redacted before it is shortened."""
    shown = " ".join(redact(_cut(message)).split())
    text = shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"
    return Told(redact(reason[:LONGEST]), text, at)


def _cut(message: str) -> str:
    """What is read of a message: whole words, so that no secret loses what gives it away."""
    return message if len(message) <= READ else message[:READ].rpartition(" ")[0]


def telling(kind: str) -> frozenset[str]:
    """The reasons of those events that may explain a finding of a kind, or say that it is over."""
    reasons = {
        reason
        for explanation in EXPLANATIONS
        if explanation.kind == kind
        for reason in explanation.events
    }
    return frozenset(reasons | {SETTLED_BY[reason] for reason in reasons if reason in SETTLED_BY})


def wanted(finding: Finding) -> bool:
    """Whether events may explain a finding, so that they are worth reading."""
    return any(_explanations(finding.subject.kind, finding.reason))


def explained(
    judgement: Judgement, subject: Ref, snapshot: Snapshot, *, born: datetime | None = None
) -> Judgement:
    """A judgement with the reason that an event told, where there is one.

    `born`: when the object was created; an event from before is about one of the same name.
    """
    reasons = snapshot.supplement(EventReasons)
    if reasons is None or judgement.verdict is Verdict.HEALTHY:
        return judgement
    event = _why(judgement, subject, _of_now(reasons.by_subject.get(subject, ()), born))
    if event is None:
        return judgement
    hindered = judgement.verdict is Verdict.PROGRESSING and _hinders(event, snapshot.taken_at)
    return msgspec.structs.replace(
        judgement,
        verdict=Verdict.DEGRADED if hindered else judgement.verdict,
        message=f"{judgement.message.rstrip('. ')}: {event.message}".removeprefix(": "),
        evidence=(*judgement.evidence, Evidence(LABEL, f"{event.reason}: {event.message}")),
    )


def beside_message(finding: Finding) -> tuple[Evidence, ...]:
    """The evidence that a view shows: an event stands in the finding's message already."""
    return tuple(evidence for evidence in finding.evidence if evidence.label != LABEL)


def kept(finding: Finding) -> Told | None:
    """The event that a stored finding was explained by."""
    for evidence in finding.evidence:
        if evidence.label == LABEL:
            reason, _, message = evidence.value.partition(": ")
            return Told(reason, message)
    return None


def _explanations(kind: str, reason: str) -> Iterator[Explanation]:
    return (explanation for explanation in EXPLANATIONS if explanation.fits(kind, reason))


def _hinders(event: Told, now: datetime) -> bool:
    return event.reason in HINDERING and event.at is not None and now - event.at <= HINDERS


def _of_now(events: Iterable[Told], born: datetime | None) -> Iterator[Told]:
    """The events about this very object that no later one settled; those without a time stay."""
    settled: dict[str, datetime] = {}
    for event in events:
        if event.at is None:
            yield event
            continue
        if born and event.at < born:
            continue
        settled.setdefault(event.reason, event.at)
        done = settled.get(SETTLED_BY.get(event.reason, ""))
        if done is None or done <= event.at:
            yield event


def _why(judgement: Judgement, subject: Ref, events: Iterable[Told]) -> Told | None:
    """The newest event that says more than the object itself does."""
    fitting = tuple(_explanations(subject.kind, judgement.reason))
    for event in events:
        silent = event.message in EMPTY or event.message in judgement.message
        if not silent and any(
            event.reason in explanation.events and explanation.says.search(event.message)
            for explanation in fitting
        ):
            return event
    return None
