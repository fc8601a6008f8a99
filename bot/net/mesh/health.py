"""What the rounds say of each node: one judgement a node, so that one break is one finding.

A node that explains several failures is judged by them. A broken pair is put to the one of its two
nodes that is not Ready, else to the one with more broken pairs, else to the first by name. Where
nothing gets anywhere, that is said of the first node by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain

import msgspec

from bot.domain.finding import HEALTHY, Evidence, Judgement, Ref
from bot.domain.resources import core
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.net.diagnosis.diagnosis import Row
from bot.net.mesh.matrix import Break, By
from bot.net.mesh.rounds import INTERVALS, Fault, Links
from bot.net.topology import is_ready

SHOWN = 8
"""Faults that a finding names one by one."""

TOLD = 3
"""Sentences of a message."""

DATAGRAMS_LOST = "DatagramsLost"
PAIR_BROKEN = "PairBroken"
PAIRS_BROKEN = "PairsBroken"

ASK = "Ask /net matrix {node} to measure it now, and /net diagnose of a route for the cause."

MEANS = {
    Row.OVERLAY_DOWN: "The overlay carries nothing there: flannel, or the mesh under it.",
    Row.ONE_WAY: (
        "The other way works: something drops new connections in this direction, such as a host "
        "firewall or the tailnet's ACL."
    ),
    Row.MTU: "Connections come about and large payloads do not pass: the path's MTU is too small.",
    DATAGRAMS_LOST: "Connections work and datagrams do not pass.",
    PAIR_BROKEN: "Both nodes reach others: it is the path between the two.",
}


def judged(node: core.Node, snapshot: Snapshot) -> Judgement:
    """A node by the rounds; healthy where nobody makes any, by the owner's choice."""
    if snapshot.supplement(Links) is None:
        return HEALTHY
    every = snapshot.once("connectivity: by node", lambda: by_node(snapshot))
    return every.get(node.name, HEALTHY)


def by_node(snapshot: Snapshot) -> Mapping[str, Judgement]:
    """The judgement on each node that is not healthy."""
    links = snapshot.supplement(Links)
    if links is None:
        return {}
    nodes = {node.name: node for node in snapshot.of(core.Node)}
    down = frozenset(name for name, node in nodes.items() if not is_ready(node))
    if _is_stale(links, snapshot.taken_at):
        everything = frozenset(fault.pair for fault in links.faults)
        links = msgspec.structs.replace(links, carried=everything)
    found = dict(_unseen(links, nodes, snapshot.taken_at))
    for name, broken in subjects(links.breaks, down).items():
        if name in nodes:
            found[name] = _broken(name, broken, links, down)
    return found


def subjects(
    broken: Iterable[Break], down: frozenset[str] = frozenset()
) -> Mapping[str, tuple[Break, ...]]:
    """Every break, by the one node that it is put to."""
    found: dict[str, list[Break]] = {}
    pairs: list[Break] = []
    for break_ in broken:
        if break_.way and not break_.node:
            pairs.append(break_)
        else:
            name = break_.node or min(chain.from_iterable(break_.pairs))
            found.setdefault(name, []).append(break_)
    while pairs:
        often = Counter(node for pair in pairs for node in pair.cells[0].pair)
        name = min(often, key=lambda node: (node not in down, -often[node], node))
        found.setdefault(name, []).extend(pair for pair in pairs if name in pair.cells[0].pair)
        pairs = [pair for pair in pairs if name not in pair.cells[0].pair]
    return {name: tuple(nodes) for name, nodes in found.items()}


def verdict(broken: Iterable[Break]) -> Verdict:
    """Without the pod network little works; all else is degraded."""
    dead = any(break_.test is By.POD and break_.dead for break_ in broken)
    return Verdict.FAILED if dead else Verdict.DEGRADED


def _broken(name: str, broken: tuple[Break, ...], links: Links, down: frozenset[str]) -> Judgement:
    faults = tuple(_faults(broken, links))
    told = [break_.words for break_ in broken[:TOLD]]
    if len(broken) > TOLD:
        told.append(f"And {len(broken) - TOLD} more.")
    if all(fault.pair in links.carried for fault in faults):
        told.append("So it was when it was last seen; now it cannot be looked at.")
    told += [_means(broken), ASK.format(node=name)]
    places = sorted({node for break_ in broken for pair in break_.pairs for node in pair} & down)
    # Its own node first: what is said of it explains all.
    culprits = sorted(places, key=lambda node: (node != name, node))
    return Judgement(
        verdict=verdict(broken),
        reason=_reason(broken),
        message=" ".join(told),
        since=min((fault.since for fault in faults), default=None),
        evidence=tuple(_evidence(faults, links)),
        follows=tuple(Ref("Node", "", node) for node in culprits),
    )


def _faults(broken: tuple[Break, ...], links: Links) -> Iterator[Fault]:
    at = {(fault.source, fault.target, fault.test): fault for fault in links.faults}
    for break_ in broken:
        for cell in break_.cells:
            if fault := at.get((cell.source, cell.target, cell.test)):
                yield fault


def _evidence(faults: tuple[Fault, ...], links: Links) -> Iterator[Evidence]:
    for fault in faults[:SHOWN]:
        what = f"{fault.source} -> {fault.target} by {fault.test}"
        seen = "last seen" if fault.pair in links.carried else "seen"
        yield Evidence(what, f"{fault.ended}, {seen} {fault.seen:%Y-%m-%d %H:%M} UTC")
    if len(faults) > SHOWN:
        yield Evidence("more tests that fail", str(len(faults) - SHOWN))


def _kind(each: Break) -> str:
    """What one break is, in the words of the decision table where it has a row."""
    if each.test is By.LARGE:
        return Row.MTU
    if each.test is By.UDP:
        return DATAGRAMS_LOST
    if each.way in ("from", "to", "->"):
        return Row.ONE_WAY
    return PAIR_BROKEN if each.way == "<->" else Row.OVERLAY_DOWN


def _reason(broken: tuple[Break, ...]) -> str:
    kind = _kind(broken[0])
    pairs = sum(1 for break_ in broken if break_.way in ("->", "<->"))
    if pairs > 1 and pairs == len(broken):
        return PAIRS_BROKEN
    return "".join(word[0].upper() + word[1:] for word in kind.split("-"))


def _means(broken: tuple[Break, ...]) -> str:
    return " ".join(dict.fromkeys(MEANS[_kind(break_)] for break_ in broken[:TOLD]))


def _unseen(
    links: Links, nodes: Mapping[str, core.Node], now: datetime
) -> Iterator[tuple[str, Judgement]]:
    """What was not seen, or is not settled yet: never healthy."""
    why: dict[str, str] = {unseen.node: unseen.why for unseen in links.unseen if not unseen.waiting}
    soon: dict[str, str] = {unseen.node: unseen.why for unseen in links.unseen if unseen.waiting}
    if _is_stale(links, now):
        when = f"{links.taken_at:%Y-%m-%d %H:%M} UTC"
        why = dict.fromkeys(nodes, f"the rounds of the agents were last read at {when}")
    for name in sorted(nodes):
        if name not in links.nodes:
            soon.setdefault(name, "nobody has looked yet")
    for doubt in links.doubts:
        told = f"{doubt.source} -> {doubt.target} by {doubt.test} failed once: {doubt.ended}"
        soon.setdefault(doubt.source, f"{told}; the next round decides")
    first = next((name for name in sorted(why) if name in nodes and _is_plain(nodes[name])), "")
    for name, told in soon.items():
        yield name, _not_seen(name, told, Verdict.PROGRESSING, "ConnectivityNotSettled", ())
    for name, told in why.items():
        # Said once: the others follow from the first, and a node that is down from itself.
        blamed = name if name in nodes and not is_ready(nodes[name]) else first
        alone = blamed == name and blamed == first
        follows = () if alone or not blamed else (Ref("Node", "", blamed),)
        yield name, _not_seen(name, told, Verdict.UNKNOWN, "ConnectivityNotSeen", follows)


def _is_stale(links: Links, now: datetime) -> bool:
    """Whether whoever reads the rounds has stopped."""
    return now - links.taken_at > timedelta(seconds=INTERVALS * links.every)


def _not_seen(
    name: str, why: str, verdict: Verdict, reason: str, follows: tuple[Ref, ...]
) -> Judgement:
    return Judgement(
        verdict=verdict,
        reason=reason,
        message=f"Connectivity from {name}: {why}.",
        follows=follows,
    )


def _is_plain(node: core.Node) -> bool:
    """Whether nothing else is likely to be said of a node, which would be taken for the cause."""
    return is_ready(node) and not node.spec.unschedulable
