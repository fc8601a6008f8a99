"""SOURCE_ADDRESS: the far node refuses the pod's address, and lets the masqueraded one through."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import RouteEvidence
from bot.net.diagnosis.observation import Aim
from bot.net.diagnosis.refused_connections import RefusedPath, refusals
from bot.net.diagnosis.results import ResultState
from bot.net.diagnosis.rule import DecisionRule, Match


def find(evidence: RouteEvidence) -> Iterator[Match]:
    """Every way that is open by the VIP alone, for the address that it gives the packets.

    Seen: Pods of Traefik's node are refused by pod IP, no sooner than the round trip; the VIP
        with that one endpoint works from the same place; and our listener hears the VIP's
        packets under another address, or a NetworkPolicy selects the pod and other nodes' pods
        are refused too.
    Unlike: A REDIRECT on the source's node answers sooner, and leaves the address as it is;
        a policy without masquerade refuses by the VIP too.
    """
    for refusal in refusals(evidence):
        if not _fits(refusal):
            continue
        path, masked = refusal.path, bool(refusal.masqueraded)
        yield Match(
            because=(
                f"Node `{path.endpoint.node}` refuses connections from the pod addresses of "
                f"`{path.ingress}`. By the VIP the same endpoint answers"
                + (", since those packets arrive from another address." if masked else ".")
            ),
            proven=refusal.repeated and masked and refusal.far.ok,
            paths=(path,),
            bears=(Aim.ENDPOINT, Aim.SOLE_VIP, Aim.FAR, Aim.FAR_VIP),
        )


def _fits(refusal: RefusedPath) -> bool:
    if not refusal.sole.ok or not refusal.pod_reached or refusal.by_source:
        return False
    if not refusal.path.crosses or refusal.masqueraded is False:
        return False
    if refusal.by_source is None and any(result.ok for result in refusal.remote):
        return False
    # Not made on the source's own node: others are refused too, or it came late enough.
    there = refusal.by_source is False or any(
        result.state is ResultState.REFUSED for result in refusal.remote
    )
    return bool(refusal.masqueraded or (there and refusal.evidence.subject.policies))


RULE = DecisionRule(
    row=Row.SOURCE_ADDRESS,
    find=find,
    effect=Effect.UNKNOWN,
    effect_because="The VIP wasn't tested often enough to know.",
    advice=(
        "Change the NetworkPolicy in the Service's namespace so that it lets Traefik's pods in.",
        "nativeLB works around it as long as the masquerading stays. The policy then isn't "
        "enforced for Traefik, which may not be what its author wanted.",
    ),
)
