"""APPLICATION: the endpoint itself does not answer, or not as the route needs it."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import RouteEvidence
from bot.net.diagnosis.observation import Aim, ExecutionContext, VantagePoint
from bot.net.diagnosis.refused_connections import refusals
from bot.net.diagnosis.results import Result, ResultState
from bot.net.diagnosis.rule import DecisionRule, Match

SERVER_ERROR = 500

LOOKALIKE = "It's down, or it listens on 127.0.0.1 only."


def find(evidence: RouteEvidence) -> Iterator[Match]:
    """Ports that are refused on their own node too; else answers that are no good anywhere.

    Seen: The endpoint's port is refused from everywhere, its own node and the VIP with that one
        endpoint included, while our listener on its node answers; or it accepts connections and
        answers with an error, or not as HTTP, from everywhere.
    Unlike: A NetworkPolicy lets the node itself through, and a readiness probe of the
        kubelet shows that the pod listens; a wrong target port leaves another port of the pod
        open.
    """
    refused = [r for r in refusals(evidence) if r.everywhere and not r.mistaken]
    if not refused:
        yield from _answers(evidence)
    for refusal in refused:
        path = refusal.path
        sure = refusal.home_itself.seen or evidence.subject.policies == ()
        yield Match(
            because=(
                f"{path.endpoint} refuses connections from everywhere, even from its own node "
                f"`{path.endpoint.node}`: nothing listens there. {LOOKALIKE}"
            ),
            proven=sure and refusal.direct.repeated and refusal.far.ok,
            paths=(path,),
            places=(path.endpoint.pod or str(path.endpoint),),
            bears=(Aim.ENDPOINT, Aim.SOLE_VIP, Aim.FAR),
            untested=() if sure else (UNSURE,),
        )


def _answers(evidence: RouteEvidence) -> Iterator[Match]:
    """Endpoints that accept connections, and answer badly wherever the request comes from."""
    for endpoint in evidence.points.endpoints:
        places = evidence.places(Aim.REQUEST)
        tried = [result for place in places if (result := evidence.request(place, endpoint)).seen]
        faults = {_wrong(result) for result in tried if not _vague(places, result)}
        if len(faults) == 1 and (wrong := faults.pop()):
            at_home = any(place.node == endpoint.node for place in places)
            yield Match(
                because=f"{endpoint} accepts connections but {wrong}. Tested from {_from(places)}.",
                proven=at_home and all(result.repeated for result in tried),
                places=(endpoint.pod or str(endpoint),),
                bears=(Aim.REQUEST,),
            )


def _vague(places: tuple[VantagePoint, ...], result: Result) -> bool:
    """Seen from Traefik's own pod alone, an answer that does not come may be the network's fault.

    Nothing was seen then of large packets, of loss, or of the application from anywhere else.
    """
    return _inside(places) and result.state is ResultState.BROKEN


def _from(places: tuple[VantagePoint, ...]) -> str:
    return "Traefik's own pod" if _inside(places) else "everywhere"


def _inside(places: tuple[VantagePoint, ...]) -> bool:
    return all(place.context is ExecutionContext.TRAEFIK for place in places)


def _wrong(result: Result) -> str:
    statuses = {answer.status for answer in result.answers}
    if result.ok and min(statuses, default=0) >= SERVER_ERROR:
        return f"answers {', '.join(map(str, sorted(statuses)))}"
    words = {
        ResultState.FOREIGN: "doesn't speak the route's protocol (TLS or plain HTTP)",
        ResultState.BROKEN: "doesn't finish its answer",
    }
    return words.get(result.state, "")


UNSURE = (
    "A NetworkPolicy that lets nobody in looks the same. To rule that out, allow probes in the "
    "host network, or run `kubectl get networkpolicy` in its namespace."
)

RULE = DecisionRule(
    row=Row.APPLICATION,
    find=find,
    effect=Effect.USELESS,
    effect_because="The VIP leads to the same port of the same pod.",
    advice=(
        "Look at the pod's log and at what it listens on (`ss -ltn` in the pod): that must be "
        "`0.0.0.0` or `[::]`, not `127.0.0.1`.",
        "Add a readiness probe on that port, so that the pod isn't an endpoint while it can't "
        "answer.",
    ),
)
