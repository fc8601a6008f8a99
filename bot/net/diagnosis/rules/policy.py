"""POLICY: the far node refuses for a pod that listens."""

from __future__ import annotations

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import Case, Path
from bot.net.diagnosis.observation import Aim, ExecutionContext, VantagePoint
from bot.net.diagnosis.refused_connections import RefusedPath, refusals
from bot.net.diagnosis.results import ResultState
from bot.net.diagnosis.rule import DecisionRule, Match, certain, merged


def find(case: Case) -> Match | None:
    """Ways that are refused on the far node, or dropped there while our listener is reached."""
    found = [_match(refusal) for refusal in refusals(case) if _fits(refusal)]
    found += [_dropped(case, path) for path in case.failing if _drops(case, path)]
    found += [_traefik_alone(path) for path in case.failing if _only_traefik(case, path)]
    return merged(found)


def _fits(refusal: RefusedPath) -> bool:
    if refusal.sole.successes or refusal.by_source or not refusal.far.ok or not refusal.listens:
        return False
    remote_ok = any(tally.ok for tally in refusal.remote)
    by_far_node = refusal.by_source is False or refusal.edge_itself.state is ResultState.REFUSED
    return not remote_ok or by_far_node


def _match(refusal: RefusedPath) -> Match:
    path, case = refusal.path, refusal.case
    others = any(tally.state is ResultState.REFUSED for tally in refusal.remote)
    apart = others or refusal.by_source is False or bool(case.subject.policies)
    proven = refusal.repeated and refusal.sole.seen and apart and _traefik_too(case, path)
    return Match(
        because=(
            f"Connections of pods from {path.edge} to {path.endpoint} are refused, by the VIP too, "
            f"while our own listener on {path.endpoint.node} answers and the pod does listen"
            f"{_witness(refusal)}: something there refuses for it, such as a NetworkPolicy."
        ),
        confidence=certain(proven=proven),
        paths=frozenset({path}),
        places=(str(path),),
        bears=(Aim.ENDPOINT, Aim.SOLE_VIP, Aim.FAR),
        untested=() if _traefik_too(case, path) else (PROBER_ONLY,),
        instead=_named(case),
    )


def _witness(refusal: RefusedPath) -> str:
    if refusal.home_itself.ok:
        return " (its node itself reaches it)"
    if refusal.at_home.ok:
        return " (a pod on its own node reaches it)"
    return " (its kubelet's readiness probe reaches that port)" * refusal.path.endpoint.watched


def _drops(case: Case, path: Path) -> bool:
    """A firewall that drops: silence for this pod alone, from every other node."""
    refusal = RefusedPath(case, path)
    beside = case.beside(path)
    if beside.state is not ResultState.SILENT or refusal.sole.successes or not path.crosses:
        return False
    remote = any(tally.successes for tally in refusal.remote)
    return refusal.far.clean and refusal.listens and not remote


def _dropped(case: Case, path: Path) -> Match:
    return Match(
        because=(
            f"Connections of pods from {path.edge} to {path.endpoint} get no answer, while our own "
            f"listener on {path.endpoint.node} is reached and the pod does listen: something "
            "drops them for this pod."
        ),
        paths=frozenset({path}),
        places=(str(path),),
        bears=(Aim.ENDPOINT, Aim.SOLE_VIP, Aim.FAR),
        untested=() if _traefik_too(case, path) else (PROBER_ONLY,),
        instead=_named(case),
    )


def _only_traefik(case: Case, path: Path) -> bool:
    own = case.endpoint(VantagePoint(path.edge, ExecutionContext.TRAEFIK), path.endpoint)
    return own.fails and own.state is ResultState.REFUSED and case.beside(path).ok


def _traefik_alone(path: Path) -> Match:
    return Match(
        because=(
            f"On {path.edge}, Traefik's own pod is refused by {path.endpoint}, while another pod "
            "beside it is let through: a NetworkPolicy tells the two apart."
        ),
        paths=frozenset({path}),
        places=(str(path),),
        bears=(Aim.ENDPOINT,),
    )


def _traefik_too(case: Case, path: Path) -> bool:
    """Whether Traefik itself fails there: by its own pod, or by its log."""
    own = case.endpoint(VantagePoint(path.edge, ExecutionContext.TRAEFIK), path.endpoint)
    where = (path.endpoint.address, path.endpoint.port)
    return own.fails or any((e.address, e.port) == where for e in case.belief.failures)


def _named(case: Case) -> tuple[str, ...]:
    names = ", ".join(case.subject.policies or ())
    return (f"These NetworkPolicies select its pods: {names}.",) if names else ()


PROBER_ONLY = (
    "Seen from a prober's pod: a policy may refuse it and admit Traefik. To see it from Traefik's "
    "own pod, allow the bot to exec into it, or look for the address in Traefik's log."
)

RULE = DecisionRule(
    row=Row.POLICY,
    find=find,
    effect=Effect.USELESS,
    effect_because="kube-proxy only rewrites the destination: the same packets are refused.",
    seen=(
        "Refused from Traefik's node by pod IP and by the VIP with that one endpoint; our "
        "listener on the same node answers; and the pod does listen: its own node, a pod there, "
        "or its kubelet's readiness probe reaches that port."
    ),
    apart=(
        "A REDIRECT answers sooner than the far node can, or spares other nodes; an application "
        "that does not listen refuses its own node as well."
    ),
    advice=(
        "kubectl get networkpolicy in the Service's namespace: admit Traefik's namespace and "
        "pods on that port.",
        "Without a NetworkPolicy there, look for a host firewall on the endpoint's node.",
    ),
)
