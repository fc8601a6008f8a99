"""Routes of one cluster, past a link whose connections are refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from bot.domain.finding import Finding
from bot.domain.report import Report, examine
from bot.health.checks import CHECKS, connectivity
from bot.net.diagnosis.diagnosis import Diagnosed, Diagnoses, Diagnosis
from bot.net.mesh.matrix import By, Pair
from bot.net.mesh.rounds import Links
from bot.net.probing.protocol import Outcome
from tests.builders import Plain, an_object
from tests.health.checks.test_connectivity import a_node
from tests.net.diagnosis.test_recent import found
from tests.net.mesh.witnesses import INTERVAL, a_round, a_witness, links
from tests.net.networks import MOMENT, TRAEFIK, a_service, a_slice, a_snapshot
from tests.net.test_route_resolution import a_backend, a_traefik, placed
from tests.net.test_route_resolution import found as resolved

NODES = ("attic", "cellar", "edge")
FROM_EDGE = {("edge", "attic"), ("edge", "cellar")}
ALL = (By.POD, By.UDP, By.LARGE)


def a_route(name: str, *, native: bool) -> Plain:
    service = {"name": name, "port": 80} | ({"nativeLB": True} if native else {})
    rule = {"match": f"Host(`{name}.example`)", "services": [service]}
    return an_object("IngressRoute", name, TRAEFIK, spec={"routes": [rule]})


def objects(native: Iterable[str], names: Iterable[str] = ("web", "shop")) -> list[Plain]:
    """Traefik on edge, and routes to pods on attic; nativeLB is on for those of `native`."""
    made = [a_traefik()]
    for number, name in enumerate(names, 5):
        address, pod = f"10.42.1.{number}", f"{name}-1"
        made += [
            a_route(name, native=name in native),
            a_service(name, clusterIP=f"10.43.0.{number}"),
            a_slice(name, placed(address, pod=pod)),
            a_backend(pod),
        ]
    return made


def proven(
    name: str,
    *,
    diagnosis: Diagnosis | None = None,
    places: tuple[str, ...] = ("edge",),
    hours: float = 2,
    repaired: float | None = None,
    **rest: Any,
) -> Diagnosed:
    """A test of one of the routes that proved the fault, before nativeLB was on."""
    subject = resolved(a_snapshot(*objects(())), f"{name}.example")
    diagnosis = msgspec.structs.replace(diagnosis or found(), places=places)
    worked = None if repaired is None else MOMENT - timedelta(hours=repaired)
    taken = MOMENT - timedelta(hours=hours)
    return Diagnosed(taken, subject, diagnosis, worked=worked, **rest)


def rounds(
    bad: Collection[Pair] = FROM_EDGE,
    *,
    outcome: Outcome = Outcome.REFUSED,
    tests: Collection[By] = ALL,
    lost: Collection[Pair] = (),
    at: datetime = MOMENT,
) -> Links:
    """What the agents saw twice: pairs that end so in these tests, and others that time out."""
    told = []
    for node in NODES:
        rounds_ = []
        for moment in (at - INTERVAL, at):
            first = a_round(node, bad, names=NODES, tests=tests, at=moment, outcome=outcome)
            also = a_round(node, lost, names=NODES, at=moment)
            tries = (b if b.failed else a for a, b in zip(first.tries, also.tries, strict=True))
            rounds_.append(msgspec.structs.replace(first, tries=tuple(tries)))
        told.append(a_witness(node, *rounds_))
    return links(*told, names=NODES, now=at)


def report(
    *tests: Diagnosed,
    native: Collection[str] = ("web", "shop"),
    known: Links | None = None,
    at: datetime = MOMENT,
    namespaces: tuple[str, ...] | None = None,
    **more: object,
) -> Report:
    """The report of everything at that time, by these tests and rounds."""
    nodes = [a_node(name, at=at) for name in NODES]
    snapshot = a_snapshot(*nodes, *objects(native))
    facts: dict[type, object] = {type(fact): fact for fact in more.values()}
    facts |= {Diagnoses: Diagnoses(tests), Links: known or rounds(at=at)}
    return examine(replace(snapshot, taken_at=at, namespaces=namespaces, supplements=facts), CHECKS)


def of_links(report: Report) -> list[Finding]:
    """The findings of the network between the nodes."""
    return [finding for finding in report.findings if finding.check == connectivity.CHECK.name]


def notes_of_links(report: Report) -> list[Finding]:
    """The notes on it."""
    return [note for note in report.notes if note.check == connectivity.CHECK.name]
