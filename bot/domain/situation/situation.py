"""A finding as one sentence: `jellyfin is crash-looping`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from bot.domain.finding import Finding, Ref
from bot.domain.grouping import grouped
from bot.domain.situation import (
    api,
    certificates,
    common,
    faults,
    flux,
    nodes,
    pods,
    routes,
    secrets,
    services,
    storage,
    workloads,
)
from bot.domain.situation.noun import Noun, noun, noun_of
from bot.domain.situation.phrase import Phrase
from bot.domain.verdict import Verdict

ROUTES = (*routes.PHRASES, *faults.PHRASES)

FAMILIES: Mapping[str, tuple[Phrase, ...]] = {
    "Pod": pods.PHRASES,
    "Node": (*nodes.PHRASES, *faults.PHRASES),
    **dict.fromkeys(
        ("Certificate", "CertificateRequest", "Order", "Challenge"), certificates.PHRASES
    ),
    **dict.fromkeys(("Issuer", "ClusterIssuer"), certificates.ISSUERS),
    **dict.fromkeys(
        [
            "Kustomization",
            "HelmRelease",
            "HelmChart",
            "HelmRepository",
            "GitRepository",
            "OCIRepository",
            "Bucket",
        ],
        flux.PHRASES,
    ),
    **dict.fromkeys(
        ("ExternalSecret", "ClusterExternalSecret", "PushSecret", "Secret"), secrets.PHRASES
    ),
    **dict.fromkeys(("SecretStore", "ClusterSecretStore"), secrets.STORES),
    **dict.fromkeys(("Service", "Endpoints", "EndpointSlice"), services.PHRASES),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController"),
        workloads.PHRASES,
    ),
    **dict.fromkeys(("Job", "CronJob"), workloads.JOBS),
    "HorizontalPodAutoscaler": workloads.AUTOSCALERS,
    **dict.fromkeys(("PersistentVolumeClaim", "PersistentVolume"), storage.PHRASES),
    **dict.fromkeys(
        [
            "Ingress",
            "IngressRoute",
            "IngressRouteTCP",
            "IngressRouteUDP",
            "HTTPRoute",
            "Middleware",
            "MiddlewareTCP",
            "TraefikService",
            "TLSOption",
            "TLSStore",
            "ServersTransport",
            "ServersTransportTCP",
        ],
        ROUTES,
    ),
    "Fault": faults.PHRASES,
    "APIServer": api.PHRASES,
    "Watch": api.WATCH,
}
"""The phrases of a kind: of several that fit, the first is taken."""


def _by_reason(phrases: Iterable[Phrase]) -> Mapping[str, Sequence[Phrase]]:
    return grouped((reason, phrase) for phrase in phrases for reason in phrase.reasons)


COMMON = _by_reason(common.PHRASES)
BY_REASON = {kind: _by_reason((*own, *common.PHRASES)) for kind, own in FAMILIES.items()}
"""The phrases of each kind by their reasons: each keystroke may ask for thousands of findings."""


class Situation(NamedTuple):
    """What is wrong with what people know.

    says: The rest of the sentence, with fields for `facts`; empty where its reason has no phrase.
    reason: The reason itself, in the words of the cluster.
    """

    noun: Noun
    says: str
    facts: Mapping[str, str]
    reason: str

    def sentence(
        self, named: Callable[[str], str] = str, quoted: Callable[[str], str] = str
    ) -> str:
        """`jellyfin is crash-looping`, or `jellyfin: CrashLoopBackOff` without a phrase.

        named: Marks the noun's name. quoted: Makes what the cluster says harmless.
        """
        called = f"{self.noun.kind} {named(self.noun.name)}".lstrip()
        return f"{called}{self.rest(quoted)}"

    def rest(self, quoted: Callable[[str], str] = str) -> str:
        """What follows the noun: ` is crash-looping`, or `: CrashLoopBackOff`."""
        if not self.says:
            return f": {quoted(self.reason)}" if self.reason else ""
        facts = {
            key: fact if fact.isdecimal() else quoted(fact) for key, fact in self.facts.items()
        }
        return f" {self.says.format_map(facts)}"


def situation(finding: Finding) -> Situation:
    """What a finding says to people."""
    return _situation(
        noun(finding), finding.subject.kind, finding.reason, finding.message, finding.verdict
    )


def situation_of(
    subject: Ref, reason: str, verdict: Verdict, known_as: Ref | None = None
) -> Situation:
    """The same of what is stored without its message."""
    return _situation(noun_of(known_as or subject), subject.kind, reason, "", verdict)


def _situation(noun: Noun, kind: str, reason: str, message: str, verdict: Verdict) -> Situation:
    for phrase in BY_REASON.get(kind, COMMON).get(reason, ()):
        facts = phrase.facts(message, verdict)
        if facts is not None:
            return Situation(noun, phrase.text, facts, reason)
    return Situation(noun, "", {}, reason)
