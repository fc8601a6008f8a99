"""DNS: names are not found, or not answered."""

from __future__ import annotations

from collections.abc import Iterator

from bot.net.diagnosis.diagnosis import Effect, Row
from bot.net.diagnosis.evidence import RouteEvidence
from bot.net.diagnosis.observation import Aim, ExecutionContext
from bot.net.diagnosis.results import ResultState
from bot.net.diagnosis.rule import DecisionRule, Match


def find(evidence: RouteEvidence) -> Iterator[Match]:
    """Traefik's nodes on which the Service's name is not found.

    Seen: The Service's name fails from Traefik's node while endpoints and VIP answer.
    Unlike: Where connections fail too, what stops them is likely to stop DNS as well.
    """
    for node in evidence.points.ingress_nodes:
        if not _fails(evidence, node):
            continue
        place = evidence.stand(node)
        own, control = (evidence.matching(place, (aim,)) for aim in (Aim.NAME, Aim.CONTROL_NAME))
        elsewhere = [
            evidence.matching(p, (Aim.NAME,)) for p in evidence.places(Aim.NAME) if p.node != node
        ]
        only_here = bool(elsewhere) and all(result.ok for result in elsewhere)
        yield Match(
            because=(
                f"On `{node}` the Service's name "
                + ("gets no answer" if own.state is ResultState.SILENT else "isn't found")
                + (
                    ", and neither does `kubernetes.default`."
                    if control.fails
                    else ", but other names are."
                )
                + (" Other nodes find it, so the path to CoreDNS is broken." if only_here else "")
            ),
            proven=control.fails and own.repeated and place.context is not ExecutionContext.TRAEFIK,
            places=(node,),
            bears=(Aim.NAME, Aim.CONTROL_NAME),
        )


def _fails(evidence: RouteEvidence, node: str) -> bool:
    place = evidence.stand(node)
    if place.context is ExecutionContext.TRAEFIK and not _connects(evidence, node):
        return False
    return evidence.matching(place, (Aim.NAME,)).fails


def _connects(evidence: RouteEvidence, node: str) -> bool:
    """By Traefik's own pod alone, names count only where every connection works at once.

    What stops some of them, such as loss or broken rules for VIPs, stops the way to DNS as well.
    """
    clean = [evidence.direct(path).clean for path in evidence.paths_from(node)]
    return all(clean) and (evidence.vip(node).clean or not evidence.subject.vips)


RULE = DecisionRule(
    row=Row.DNS,
    find=find,
    effect=Effect.USELESS,
    effect_because="Traefik doesn't use DNS for this Service, with or without nativeLB.",
    advice=(
        "Check that CoreDNS is ready, and on which node: "
        "`kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide`",
        "Then run `/net diagnose` for the Service `kube-system/kube-dns`.",
        "The test uses names that end in `cluster.local`. If your cluster has another domain, "
        "ignore this.",
    ),
)
