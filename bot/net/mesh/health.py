"""What the rounds say of each node: one judgement a node, so that one break is one finding.

A node that explains several failures is judged by them. A broken pair is put to the one of its two
nodes that is not Ready, else to the one with more broken pairs, else to the first by name. Where
nothing gets anywhere, that is said of the first node by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain

import msgspec

from bot.domain.finding import HEALTHY, Evidence, Judgement, Ref
from bot.domain.grouping import grouped
from bot.domain.resources import core
from bot.domain.sentences import moment
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.net import topology
from bot.net.diagnosis.diagnosis import Row
from bot.net.diagnosis.overlay_kind import OverlayFacts, facts_of
from bot.net.diagnosis.workaround import WORKED_AROUND, Workaround
from bot.net.mesh.matrix import Break, By, Pair
from bot.net.mesh.rounds import BACKGROUND_PROBES, INTERVALS, Fault, Links
from bot.net.mesh.worked_around import only, worked_around
from bot.net.probing.protocol import Outcome
from bot.net.topology import is_ready

SHOWN = 8
"""Faults that a finding names one by one."""

TOLD = 3
"""Sentences of a message."""

DATAGRAMS_LOST = "DatagramsLost"
PAIR_BROKEN = "PairBroken"
PAIRS_BROKEN = "PairsBroken"
OVERLAY_DOWN, ONE_WAY, MTU = (row.reason for row in (Row.OVERLAY_DOWN, Row.ONE_WAY, Row.MTU))

MEANS = {
    OVERLAY_DOWN: "The {overlay} carries nothing there.",
    ONE_WAY: (
        "The {overlay} works the other way: something drops new connections in this direction, "
        "such as a host firewall{acl}."
    ),
    MTU: (
        "Connections come about and large payloads do not pass: the MTU of the {overlay} or of the "
        "path below is wrong."
    ),
    DATAGRAMS_LOST: "Connections work and datagrams do not pass.",
    PAIR_BROKEN: "Both nodes reach others: it is the path of the {overlay} between the two.",
}
"""What a break means, with the overlay that is there."""


def judged(node: core.Node, snapshot: Snapshot) -> Judgement:
    """Judge a node by the background rounds; without agents, which are optional, it is healthy."""
    judgements = snapshot.once("connectivity: by node", lambda: by_node(snapshot))
    return judgements.get(node.name, HEALTHY)


def by_node(snapshot: Snapshot) -> Mapping[str, Judgement]:
    """The judgement on each node that is not healthy."""
    links = snapshot.supplement(Links)
    if links is None:
        return {}
    nodes = {node.name: node for node in snapshot.of(core.Node)}
    down = frozenset(name for name, node in nodes.items() if not is_ready(node))
    if _is_stale(links, snapshot.taken_at):
        all_pairs = frozenset(fault.pair for fault in links.faults)
        links = msgspec.structs.replace(links, carried=all_pairs)
    overlay = facts_of(topology.nodes(snapshot))
    around = worked_around(links, snapshot)
    passed = only(links, around) if around else Links(taken_at=links.taken_at)
    left = _without(links, around)
    notes = {
        name: _noted(breaks, passed, around)
        for name, breaks in subjects(passed.breaks, down).items()
        if name in nodes
    }
    broken = {
        name: _broken(name, breaks, left, down, overlay)
        for name, breaks in subjects(left.breaks, down).items()
        if name in nodes
    }
    return {**notes, **dict(_unobserved(links, nodes, snapshot.taken_at)), **broken}


def subjects(
    breaks: Iterable[Break], down: frozenset[str] = frozenset()
) -> Mapping[str, list[Break]]:
    """Every break, by the one node that it is put to."""
    breaks = tuple(breaks)
    pairs = [break_ for break_ in breaks if break_.way and not break_.node]
    by_name = grouped(
        (break_.node or min(chain.from_iterable(break_.pairs)), break_)
        for break_ in breaks
        if break_.node or not break_.way
    )
    while pairs:
        often = Counter(node for pair in pairs for node in pair.cells[0].pair)
        name = min(often, key=lambda node: (node not in down, -often[node], node))
        by_name.setdefault(name, []).extend(pair for pair in pairs if name in pair.cells[0].pair)
        pairs = [pair for pair in pairs if name not in pair.cells[0].pair]
    return by_name


def blamed(pairs: Iterable[Pair], tests: Collection[By], snapshot: Snapshot) -> Iterator[str]:
    """The nodes to which a break of each of these pairs is put, in one direction at least.

    A connection needs both directions. None where the rounds did not see one of the pairs break, or
    where that is worked around.
    """
    wanted = {frozenset(pair) for pair in pairs}
    for name, own in _standing_breaks(snapshot).items():
        cells = (cell for break_ in own if break_.test in tests for cell in break_.cells)
        if wanted and wanted <= {frozenset(cell.pair) for cell in cells}:
            yield name


def refusing(node: str, snapshot: Snapshot) -> Iterator[str]:
    """The nodes to which it is put that connections of pods on a node are refused elsewhere."""
    for name, own in _standing_breaks(snapshot).items():
        cells = (cell for break_ in own if break_.test is By.POD for cell in break_.cells)
        if any(cell.source == node and cell.ended is Outcome.REFUSED for cell in cells):
            yield name


def _standing_breaks(snapshot: Snapshot) -> Mapping[str, list[Break]]:
    return snapshot.once("connectivity: breaks", lambda: _standing(snapshot))


def _standing(snapshot: Snapshot) -> Mapping[str, list[Break]]:
    """The breaks past which not every route leads, by the node that each is put to."""
    links = snapshot.supplement(Links)
    if links is None:
        return {}
    down = frozenset(node.name for node in snapshot.of(core.Node) if not is_ready(node))
    return subjects(_without(links, worked_around(links, snapshot)).breaks, down)


def _without(links: Links, around: Collection[Fault]) -> Links:
    return (
        only(links, [fault for fault in links.faults if fault not in around]) if around else links
    )


def verdict(breaks: Iterable[Break]) -> Verdict:
    """Without the pod network little works; all else is degraded."""
    dead = any(break_.test is By.POD and break_.dead for break_ in breaks)
    return Verdict.FAILED if dead else Verdict.DEGRADED


def _noted(
    breaks: list[Break], links: Links, around: Mapping[Fault, tuple[Workaround, ...]]
) -> Judgement:
    """What is broken still, and how many routes lead past it."""
    faults = _faults(breaks, links)
    ways = [way for fault in faults for way in around[fault]]
    routes = len({way.now.route for way in ways})
    since = min(way.since for way in ways)
    oldest = min((way.proof for way in ways), key=lambda proof: proof.at)
    lead = "route that it hurts leads" if routes == 1 else "routes that it hurts lead"
    past = (
        f"{routes:,} {lead} past it since {moment(since)}, and requests got through at "
        f"{oldest}. Connections of other pods may still fail there."
    )
    return Judgement(
        verdict=Verdict.HEALTHY,
        reason=WORKED_AROUND,
        message=" ".join((*_sentences(breaks), past)),
        since=since,
        evidence=tuple(_evidence(faults, links)),
        noted=True,
        fact=BACKGROUND_PROBES,
    )


def _sentences(breaks: Sequence[Break]) -> list[str]:
    sentences = [break_.words for break_ in breaks[:TOLD]]
    return [*sentences, f"And {len(breaks) - TOLD} more."] if len(breaks) > TOLD else sentences


def _faults(breaks: Iterable[Break], links: Links) -> list[Fault]:
    by_test = {fault.key: fault for fault in links.faults}
    cells = (cell for break_ in breaks for cell in break_.cells)
    return [by_test[cell.key] for cell in cells if cell.key in by_test]


def _broken(
    name: str, breaks: list[Break], links: Links, down: frozenset[str], overlay: OverlayFacts
) -> Judgement:
    faults, sentences = _faults(breaks, links), _sentences(breaks)
    if all(fault.pair in links.carried for fault in faults):
        sentences.append("So it was when it was last seen; now it cannot be looked at.")
    sentences += dict.fromkeys(_meaning(break_, overlay) for break_ in breaks[:TOLD])
    pairs = sum(break_.way in ("->", "<->") for break_ in breaks)
    culprits = {node for break_ in breaks for cell in break_.cells for node in cell.pair} & down
    return Judgement(
        verdict=verdict(breaks),
        reason=PAIRS_BROKEN if 1 < pairs == len(breaks) else _reason(breaks[0]),
        message=" ".join(sentences),
        since=min((fault.since for fault in faults), default=None),
        evidence=tuple(_evidence(faults, links)),
        # Its own node first: the finding there explains all.
        follows=tuple(
            Ref("Node", "", node)
            for node in sorted(culprits, key=lambda node: (node != name, node))
        ),
        fact=BACKGROUND_PROBES,
    )


def _evidence(faults: Sequence[Fault], links: Links) -> Iterator[Evidence]:
    for fault in faults[:SHOWN]:
        when = "last seen" if fault.pair in links.carried else "seen"
        yield Evidence(
            f"{fault.source} -> {fault.target} by {fault.test}",
            f"{fault.ended}, {when} {moment(fault.seen)}",
        )
    if len(faults) > SHOWN:
        yield Evidence("more tests that fail", str(len(faults) - SHOWN))


def _meaning(break_: Break, overlay: OverlayFacts) -> str:
    return MEANS[_reason(break_)].format(
        overlay=overlay.title,
        acl=" or the tailnet's ACL" if overlay.tailnet else "",
    )


def _reason(break_: Break) -> str:
    """What one break is, in the words of the decision table where it has a row."""
    if break_.test is By.LARGE:
        return MTU
    if break_.test is By.UDP:
        return DATAGRAMS_LOST
    if break_.way in ("from", "to", "->"):
        return ONE_WAY
    return PAIR_BROKEN if break_.way == "<->" else OVERLAY_DOWN


def _unobserved(
    links: Links, nodes: Mapping[str, core.Node], now: datetime
) -> Iterator[tuple[str, Judgement]]:
    """What was not seen, or is not settled yet: never healthy."""
    why = {gap.node: gap.why for gap in links.unseen if not gap.waiting}
    soon = {gap.node: gap.why for gap in links.unseen if gap.waiting}
    if _is_stale(links, now):
        when = moment(links.taken_at)
        why = dict.fromkeys(nodes, f"the rounds of the agents were last read at {when}")
    for name in sorted(nodes):
        if name not in links.nodes:
            soon.setdefault(name, "not looked at yet")
    for doubt in links.told_doubts:
        pair = f"{doubt.source} -> {doubt.target} by {doubt.test}"
        soon.setdefault(doubt.source, f"{pair} is not settled, and is tried again within a minute")
    for name, reason in soon.items():
        yield name, _not_looked(Verdict.PROGRESSING, "ConnectivityNotSettled", name, reason)
    first = next((name for name in sorted(why) if name in nodes and _is_plain(nodes[name])), "")
    for name, reason in why.items():
        # Said once: the others follow from the first, and a node that is down from itself.
        blamed = name if name in nodes and not is_ready(nodes[name]) else first
        follows = (Ref("Node", "", blamed),) if blamed and not name == blamed == first else ()
        yield name, _not_looked(Verdict.UNKNOWN, "ConnectivityNotSeen", name, reason, follows)


def _not_looked(
    verdict: Verdict, reason: str, name: str, why: str, follows: tuple[Ref, ...] = ()
) -> Judgement:
    """Nobody looked from a node: that explains no pod that fails on it."""
    message = f"Connectivity from {name}: {why}."
    return Judgement(verdict, reason, message, follows=follows, explains=False)


def _is_stale(links: Links, now: datetime) -> bool:
    """Whether the rounds have not been read for some intervals."""
    return now - links.taken_at > timedelta(seconds=INTERVALS * links.every)


def _is_plain(node: core.Node) -> bool:
    """Whether a node is unlikely to have other findings, which would be taken for the cause."""
    return is_ready(node) and not node.spec.unschedulable
