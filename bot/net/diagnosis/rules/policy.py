"""POLICY: the far node refuses for a pod that listens."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import Path, RouteEvidence
from bot.net.diagnosis.observation import Aim
from bot.net.diagnosis.refused_connections import RefusedPath, refusals
from bot.net.diagnosis.results import ResultState
from bot.net.diagnosis.rule import DecisionRule, Match


def find(evidence: RouteEvidence) -> Iterator[Match]:
    """Ways that are refused on the far node, or dropped there while our listener is reached.

    Seen: Refused from Traefik's node by pod IP and by the VIP with that one endpoint; our
        listener on the same node answers; and the pod does listen: its own node, a pod there,
        or its kubelet's readiness probe reaches that port.
    Told apart: A REDIRECT answers sooner than the far node can, or spares other nodes; an
        application that does not listen refuses its own node as well.
    """
    for refusal in refusals(evidence):
        if _refuses(refusal):
            others = any(result.state is ResultState.REFUSED for result in refusal.remote)
            apart = others or refusal.by_source is False or bool(evidence.subject.policies)
            yield _match(
                evidence,
                refusal.path,
                f"Connections of pods from {refusal.path.ingress} to {refusal.path.endpoint} are "
                "refused, by the VIP too, while our own listener on "
                f"{refusal.path.endpoint.node} answers and the pod does listen{_witness(refusal)}: "
                "something there refuses for it, such as a NetworkPolicy.",
                proven=refusal.repeated and refusal.sole.seen and apart,
            )
    for path in evidence.failing:
        if _drops(RefusedPath(evidence, path)):
            yield _match(
                evidence,
                path,
                f"Connections of pods from {path.ingress} to {path.endpoint} get no answer, while "
                f"our own listener on {path.endpoint.node} is reached and the pod does listen: "
                "something drops them for this pod.",
            )
    for path in evidence.failing:
        own = evidence.inside(path)
        if own.fails and own.state is ResultState.REFUSED and evidence.beside(path).ok:
            yield Match(
                because=(
                    f"On {path.ingress}, Traefik's own pod is refused by {path.endpoint}, while "
                    "another pod beside it is let through: a NetworkPolicy tells the two apart."
                ),
                paths=(path,),
                bears=(Aim.ENDPOINT,),
            )


def _match(evidence: RouteEvidence, path: Path, because: str, *, proven: bool = False) -> Match:
    """Proven only where Traefik itself fails there: by its own pod, or by its log."""
    where = (path.endpoint.address, path.endpoint.port)
    logged = any((failure.address, failure.port) == where for failure in evidence.belief.failures)
    traefik_too = logged or evidence.inside(path).fails
    names = ", ".join(evidence.subject.policies or ())
    return Match(
        because=because,
        proven=proven and traefik_too,
        paths=(path,),
        bears=(Aim.ENDPOINT, Aim.SOLE_VIP, Aim.FAR),
        untested=() if traefik_too else (PROBER_ONLY,),
        instead=(f"These NetworkPolicies select its pods: {names}.",) if names else (),
    )


def _refuses(refusal: RefusedPath) -> bool:
    if refusal.sole.successes or refusal.by_source or not refusal.far.ok or not refusal.listens:
        return False
    remote_ok = any(result.ok for result in refusal.remote)
    by_far_node = refusal.by_source is False or refusal.ingress_itself.state is ResultState.REFUSED
    return not remote_ok or by_far_node


def _witness(refusal: RefusedPath) -> str:
    if refusal.home_itself.ok:
        return " (its node itself reaches it)"
    if refusal.at_home.ok:
        return " (a pod on its own node reaches it)"
    return " (its kubelet's readiness probe reaches that port)" * refusal.path.endpoint.watched


def _drops(silence: RefusedPath) -> bool:
    """A firewall that drops: silence for this pod alone, from every other node."""
    if silence.direct.state is not ResultState.SILENT or silence.sole.successes:
        return False
    remote = any(result.successes for result in silence.remote)
    return silence.path.crosses and silence.far.clean and silence.listens and not remote


PROBER_ONLY = (
    "Seen from a prober's pod: a policy may refuse it and admit Traefik. To see it from Traefik's "
    "own pod, allow the bot to exec into it, or look for the address in Traefik's log."
)

RULE = DecisionRule(
    row=Row.POLICY,
    find=find,
    effect=Effect.USELESS,
    effect_because="kube-proxy only rewrites the destination: the same packets are refused.",
    advice=(
        "`kubectl get networkpolicy` in the Service's namespace: admit Traefik's namespace and "
        "pods on that port.",
        "Without a NetworkPolicy there, look for a host firewall on the endpoint's node.",
    ),
)
