"""What to say, and what to test next, where no row fits."""

from __future__ import annotations

from bot.net.diagnosis.evidence import Case
from bot.net.diagnosis.observation import Aim, ExecutionContext
from bot.net.diagnosis.results import ResultState
from bot.net.diagnosis.rules.healthy import lacking

MOST = 3


def unexplained(case: Case) -> str:
    """Why there is no verdict, in one sentence."""
    if not case.subject.traefik:
        return "No running Traefik pod was found, so nobody knows from where to test."
    if not case.subject.endpoints_seen:
        return "The Service's EndpointSlices were not read, so its endpoints are not known."
    if not any(tally.seen for tally in case.tallies.values()):
        return f"No connection was tried{_by_log(case)}."
    if case.failing:
        ways = ", ".join(f"{path}: {case.direct(path)}" for path in case.failing[:MOST])
        vip = case.vip(case.failing[0].edge)
        while_ = f", while the Service's VIP is {vip}" if vip.ok else ""
        return f"Connections fail ({ways}{while_}), and the other tests do not say why."
    missing = "; ".join(dict.fromkeys(lacking(case)))
    return f"What was tried works, but not all was: {missing}."


def next_test(case: Case, because: str) -> str:
    """The one test that would tell most."""
    if because.startswith("It changed"):
        return "Ask again in a minute: only a fault that stays can be named."
    if not case.subject.traefik:
        return "Label Traefik's pods app.kubernetes.io/name=traefik, or say where it runs."
    if not any(tally.seen for tally in case.tallies.values()):
        return (
            "Install a prober (the DaemonSet of deploy/), or allow pods on demand, or as the last "
            "resort commands in Traefik's pods (deploy/components/exec); ask again."
        )
    return _for_failures(case) if case.failing else _for_gaps(case)


def _for_failures(case: Case) -> str:
    path = case.failing[0]
    node, state = path.endpoint.node, case.direct(path).state
    if case.stand(path.edge).stance is ExecutionContext.TRAEFIK:
        return (
            "Add deploy/components/prober, and ask again: wget in Traefik's pod was all that could "
            f"be asked, and a listener on {node} tells the overlay from the pod."
        )
    if not case.listener(path.edge, node).seen:
        return f"Test a listener on {node}: it tells the overlay from the pod."
    if not case.sole(case.stand(path.edge), path.endpoint).seen:
        return f"Allow temporary Services: a VIP with {path.endpoint} alone is the decisive test."
    if state is ResultState.REFUSED:
        return (
            f"On {path.edge}: iptables-save -t nat | grep dport; in the Service's namespace: "
            f"kubectl get networkpolicy; on {node}: ss -ltn in the pod. And allow probes in the "
            "host network: they tell these three apart."
        )
    return f"On {path.edge}: tcpdump -ni flannel.1 host {path.endpoint.address}, and ask again."


def _for_gaps(case: Case) -> str:
    missing = next(iter(lacking(case)), "")
    unasked = [
        key for key, tally in sorted(case.tallies.items()) if tally.reasons and not tally.seen
    ]
    allow = any(key[1] in (Aim.ENDPOINT, Aim.VIP) for key in unasked)
    how = " See what could not be tested, and how to allow it." if allow else ""
    return f"Look at this first: {missing}.{how}" if missing else "Ask again."


def _by_log(case: Case) -> str:
    """What Traefik's log suggests, and no more than that."""
    failures = case.belief.failures
    if not failures:
        return ", and Traefik's log tells of no failure"
    homes = {endpoint.address: endpoint.node for endpoint in case.subject.endpoints}
    places = sorted({homes.get(failure.address) or "an unknown node" for failure in failures})
    kinds = sorted({str(failure.outcome) for failure in failures})
    return f"; Traefik's log has {', '.join(kinds)} for endpoints on {', '.join(places)}"
