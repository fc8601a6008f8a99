"""A diagnosis in words: the evidence row by row, and what to say and do next where no row fits."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.grouping import grouped
from bot.net.diagnosis.diagnosis import Seen
from bot.net.diagnosis.evidence import RouteEvidence
from bot.net.diagnosis.observation import Aim, Belief, ExecutionContext, ProbeTarget, VantagePoint
from bot.net.diagnosis.overlay_kind import facts_of
from bot.net.diagnosis.results import ResultState
from bot.net.diagnosis.rules.healthy import lacking
from bot.routing.running import NO_TRAEFIK

MOST = 3
"""Failing ways that one sentence names."""

MOST_ROWS = 60
"""Rows of evidence that are shown; those on which the verdict rests come first."""

PLACES = {
    ExecutionContext.POD: "a pod on {}",
    ExecutionContext.HOST: "{} itself",
    ExecutionContext.TRAEFIK: "Traefik's pod on {}",
}

THINGS = {
    Aim.ENDPOINT: "endpoint {address} on {node}",
    Aim.OTHER_PORT: "another port of {address}",
    Aim.VIP: "the Service's VIP {address}",
    Aim.SOLE_VIP: "a VIP to {address} on {node} only",
    Aim.NAME: "the Service's name",
    Aim.CONTROL_NAME: "the name kubernetes.default",
    Aim.REQUEST: "the route's request to {address}",
    Aim.VIP_REQUEST: "the route's request to the VIP {address}",
    Aim.LARGE_REQUEST: "a large request to {address}",
    Aim.NODE: "the node {node} at its own address",
    Aim.FAR: "the test pod on {node}",
    Aim.FAR_VIP: "a VIP to the test pod on {node} only",
    Aim.FAR_SMALL: "a small payload to the test pod on {node}",
    Aim.FAR_LARGE: "a large payload to the test pod on {node}",
    Aim.FAR_UDP: "UDP to the test pod on {node}",
    Aim.BACK: "the test pod on {node}",
}


def describe(place: VantagePoint, aim: Aim, target: ProbeTarget) -> str:
    """`a pod on a -> endpoint 10.42.1.5 on b`."""
    thing = THINGS[aim].format(address=target.address, node=target.node or "an unknown node")
    return f"{PLACES[place.context].format(place.node)} -> {thing}"


def rows(evidence: RouteEvidence, bears: tuple[Aim, ...]) -> tuple[Seen, ...]:
    """What was tried and how it ended; what the verdict rests on first."""
    tests = [
        Seen(describe(*key), str(result), bears=key[1] in bears)
        for key, result in evidence.results.items()
        if result.seen
    ]
    tests.sort(key=lambda row: not row.bears)
    left = len(tests) - MOST_ROWS
    more = (Seen(f"{left} more tests", "not listed here"),) if left > 0 else ()
    return (*_believed(evidence.belief), *tests[:MOST_ROWS], *more)


def reasons(evidence: RouteEvidence) -> tuple[str, ...]:
    """Why something could not be asked, each reason once with the places that it holds for."""
    places = grouped(
        (reason, PLACES[place.context].format(place.node))
        for (place, _, _), result in evidence.results.items()
        for reason in result.reasons
    )
    return tuple(
        f"From {', '.join(dict.fromkeys(where))}: {reason}"
        for reason, where in sorted(places.items())
    )


def _believed(belief: Belief) -> Iterator[Seen]:
    """What Traefik itself says."""
    if belief.servers is not None:
        servers = ", ".join(f"{address}:{port}" for address, port in belief.servers)
        yield Seen(f"Traefik's servers, from its {belief.of}", servers or "none")
    for failure in belief.failures:
        what = f"Traefik -> {failure.address}:{failure.port}, from its log"
        yield Seen(what, f"{failure.outcome} {failure.count} times")


def unexplained(evidence: RouteEvidence) -> str:
    """Why there is no verdict, in one sentence."""
    if not evidence.subject.traefik:
        return (
            f"{evidence.subject.no_traefik or NO_TRAEFIK} So the bot doesn't know where to test "
            "from."
        )
    if not evidence.subject.endpoints_seen:
        return (
            "The bot couldn't read the Service's EndpointSlices, so it doesn't know the endpoints."
        )
    if not any(result.seen for result in evidence.results.values()):
        return f"No connection was tested{_by_log(evidence)}."
    if evidence.failing:
        failures = ", ".join(f"{path}: {evidence.direct(path)}" for path in evidence.failing[:MOST])
        vip = evidence.vip(evidence.failing[0].ingress)
        while_ = f", while the Service's VIP is {vip}" if vip.ok else ""
        return f"Connections fail ({failures}{while_}), but the other tests don't show why."
    missing = "; ".join(dict.fromkeys(lacking(evidence)))
    return f"What was tested works, but not everything was: {missing}."


def next_test(evidence: RouteEvidence, because: str) -> str:
    """The one test that would tell most."""
    if because.startswith("It changed"):
        return "Test again in a minute: the bot can only explain what stays broken."
    if not evidence.subject.traefik:
        return "Set `MESHMEDIC_TRAEFIK_NAMESPACES` to the namespaces in which Traefik runs."
    if not any(result.seen for result in evidence.results.values()):
        return (
            "Install the prober (`deploy/components/prober`) and test again. As a last resort, "
            "allow commands in Traefik's pods (`deploy/components/exec`)."
        )
    return _for_failures(evidence) if evidence.failing else _for_gaps(evidence)


def _for_failures(evidence: RouteEvidence) -> str:
    path = evidence.failing[0]
    node, state = path.endpoint.node, evidence.direct(path).state
    if evidence.stand(path.ingress).context is ExecutionContext.TRAEFIK:
        return (
            "Install the prober (`deploy/components/prober`) and test again. Only `wget` in "
            f"Traefik's pod was available, and a test pod on {node} would tell the overlay from "
            "the pod."
        )
    if not evidence.listener(path).seen:
        return f"Allow test pods on {node}: they tell the overlay from the pod."
    if not evidence.sole(path).seen:
        return f"Allow temporary Services: a VIP to {path.endpoint} alone is the decisive test."
    if state is ResultState.REFUSED:
        return (
            f"Check three things: `iptables-save -t nat | grep dport` on {path.ingress}, "
            "`kubectl get networkpolicy` in the Service's namespace, and `ss -ltn` in the pod on "
            f"{node}. Probes in the host network would tell them apart."
        )
    device = facts_of(evidence.subject.nodes).device
    return (
        f"On {path.ingress}, run `tcpdump -ni {device} host {path.endpoint.address}` and test "
        "again."
    )


def _for_gaps(evidence: RouteEvidence) -> str:
    missing = next(iter(lacking(evidence)), "")
    unasked = (aim for (_, aim, _), r in evidence.results.items() if r.reasons and not r.seen)
    allow = any(aim in (Aim.ENDPOINT, Aim.VIP) for aim in unasked)
    hint = " The answer lists what couldn't be tested and how to allow it." if allow else ""
    return f"Check this first: {missing}.{hint}" if missing else "Test again."


def _by_log(evidence: RouteEvidence) -> str:
    """What Traefik's log suggests, and no more than that."""
    failures = evidence.belief.failures
    if not failures:
        return ", and Traefik's log shows no failure"
    homes = {endpoint.address: endpoint.node for endpoint in evidence.subject.endpoints}
    places = sorted({homes.get(failure.address) or "an unknown node" for failure in failures})
    kinds = sorted({str(failure.outcome) for failure in failures})
    return f"; Traefik's log has {', '.join(kinds)} for endpoints on {', '.join(places)}"
