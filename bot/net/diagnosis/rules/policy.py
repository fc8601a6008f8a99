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
    Unlike: A REDIRECT answers sooner than the far node can, or spares other nodes; an
        application that does not listen refuses its own node as well.
    """
    for refusal in refusals(evidence):
        if _refuses(refusal):
            others = any(result.state is ResultState.REFUSED for result in refusal.remote)
            apart = others or refusal.by_source is False or bool(evidence.subject.policies)
            yield _match(
                evidence,
                refusal.path,
                f"Something on `{refusal.path.endpoint.node}`, such as a NetworkPolicy, refuses "
                f"connections from pods on `{refusal.path.ingress}` to {refusal.path.endpoint}, by "
                f"the VIP too. The pod itself listens{_witness(refusal)}, and the bot's own test "
                "pod on that node answers.",
                proven=refusal.repeated and refusal.sole.seen and apart,
            )
    for path in evidence.failing:
        if _drops(RefusedPath(evidence, path)):
            yield _match(
                evidence,
                path,
                f"Something drops connections from pods on `{path.ingress}` to {path.endpoint}. "
                f"The pod itself listens, and the bot's own test pod on `{path.endpoint.node}` can "
                "be reached.",
            )
    for path in evidence.failing:
        own = evidence.inside(path)
        if own.fails and own.state is ResultState.REFUSED and evidence.beside(path).ok:
            yield Match(
                because=(
                    f"A NetworkPolicy refuses Traefik: on `{path.ingress}`, Traefik's own pod "
                    f"can't connect to {path.endpoint}, but another pod next to it can."
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
        instead=(f"Check the NetworkPolicies that select its pods: {names}.",) if names else (),
    )


def _refuses(refusal: RefusedPath) -> bool:
    if refusal.sole.successes or refusal.by_source or not refusal.far.ok or not refusal.listens:
        return False
    remote_ok = any(result.ok for result in refusal.remote)
    by_far_node = refusal.by_source is False or refusal.ingress_itself.state is ResultState.REFUSED
    return not remote_ok or by_far_node


def _witness(refusal: RefusedPath) -> str:
    if refusal.home_itself.ok:
        return " (its own node reaches it)"
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
    "Tested from a prober's pod, so a policy may refuse the prober but let Traefik in. To test "
    "from Traefik's own pod, allow the bot to exec into it, or look for the address in Traefik's "
    "log."
)

RULE = DecisionRule(
    row=Row.POLICY,
    find=find,
    effect=Effect.USELESS,
    effect_because="The VIP's packets are refused too: kube-proxy only rewrites their destination.",
    advice=(
        "Run `kubectl get networkpolicy` in the Service's namespace, and let Traefik's namespace "
        "and pods in on that port.",
        "If there's no NetworkPolicy, look for a host firewall on the endpoint's node.",
    ),
)
