"""The terminal knows what the bot knows beside the objects, or names it as not seen."""

from dataclasses import dataclass

import pytest

from bot.cli.known import KnownFacts, read_facts
from bot.domain.record import Store
from bot.domain.snapshot import Gap, Why
from bot.domain.verdict import Verdict
from bot.errors import ClusterError, Forbidden, MeshmedicError
from bot.health.service import Health
from bot.net.diagnosis.diagnosis import DIAGNOSES
from bot.net.diagnosis.proofs import PROOFS, Proofs, proof
from bot.net.mesh.rounds import BACKGROUND_PROBES
from bot.net.route_checks.record import CHECKS, kept
from bot.runtime.memory_store import Unkept
from tests.fakes import FakeCluster
from tests.health.checks.test_connectivity import a_node
from tests.net.diagnosis.test_recent import PROVEN, remembered
from tests.net.mesh.test_monitor import FakeReader
from tests.net.mesh.witnesses import NAMES, witnesses
from tests.net.route_checks.checked import BAD, a_host, checks_of

BROKEN = {(NAMES[0], NAMES[1])}


@dataclass
class Closed(Unkept):
    """The state, where nobody may read it."""

    error: MeshmedicError

    def __post_init__(self) -> None:
        super().__init__()

    async def read(self, record_type):  # type: ignore[no-untyped-def]
        raise self.error


async def known(
    reader: FakeReader, store: Store | None = None, cluster: FakeCluster | None = None
) -> KnownFacts:
    return await read_facts(cluster or nodes(), reader, store)


def nodes() -> FakeCluster:
    return FakeCluster([a_node(name) for name in NAMES])


async def nodes_by(facts: KnownFacts) -> list[str]:
    health = Health(nodes(), rounds=lambda: facts.links, unknown=lambda: facts.gaps)
    findings = (await health.check(("nodes",))).findings
    return [finding.reason for finding in findings if finding.check == "connectivity"]


async def test_what_the_agents_found_is_a_finding_of_the_terminal_too():
    """Every object says that all is well."""
    at = (await FakeCluster().snapshot(())).taken_at
    assert await nodes_by(await known(FakeReader(witnesses(BROKEN, at=at)))) == ["OneWay"]
    assert await nodes_by(await known(FakeReader(witnesses(at=at)))) == []


async def test_without_agents_nothing_is_said_of_them():
    """Nor where the state may not be read: there is nothing that it could tell of them."""
    for store in (None, Unkept(), Closed(Forbidden("no"))):
        facts = await known(FakeReader(None), store)
        assert facts.links is None
        assert BACKGROUND_PROBES not in {gap.kind for gap in facts.gaps}


async def test_rounds_that_cannot_be_read_are_unknown_at_every_node():
    """Never healthy."""
    facts = await known(FakeReader(ClusterError("away")))
    assert set(await nodes_by(facts)) == {"ConnectivityNotSeen"}


async def test_rounds_whose_nodes_cannot_be_read_are_named_as_not_seen():
    """Nobody knows whom they are about."""
    blind = nodes()
    blind.gaps = (Gap("Node", Why.FORBIDDEN),)
    facts = await known(FakeReader(witnesses(BROKEN)), cluster=blind)
    assert BACKGROUND_PROBES in {gap.kind for gap in facts.gaps}


async def test_a_proven_fault_that_the_bot_keeps_is_known():
    """By the record from which a restarted bot knows it."""
    store = Unkept()
    await store.change(PROOFS, lambda _: Proofs((proof(remembered(PROVEN)),)))
    facts = await known(FakeReader(None), store)
    assert [test.diagnosis.row for test in facts.diagnosed] == [PROVEN.row]
    assert facts.gaps == ()


async def test_where_nobody_says_where_the_state_is_that_is_named_and_no_fault():
    """With the setting that would help."""
    facts = await known(FakeReader(None))
    (gap,) = facts.gaps
    assert (gap.kind, gap.why) == (DIAGNOSES, Why.NOT_SET_UP)
    assert "MESHMEDIC_STATE_NAMESPACE" in gap.detail


@pytest.mark.parametrize(
    ("error", "why"),
    [(Forbidden("no"), Why.FORBIDDEN), (ClusterError("away"), Why.UNREACHABLE)],
)
async def test_a_state_that_cannot_be_read_leaves_routes_unknown(error: ClusterError, why: Why):
    """A proven fault may stand there."""
    facts = await known(FakeReader(None), Closed(error))
    assert [(gap.kind, gap.why) for gap in facts.gaps] == [(DIAGNOSES, why)]
    report = await Health(nodes(), unknown=lambda: facts.gaps).check()
    assert report.verdict is Verdict.UNKNOWN
    assert (await Health(nodes(), unknown=lambda: facts.gaps).check(("nodes",))).gaps == ()


async def test_what_route_checks_said_is_known_as_the_bot_kept_it():
    """So `meshmedic sites` says what `/sites` says."""
    store = Unkept()
    reader = FakeReader({})
    assert (await known(reader, store)).route_checks is None
    checks = checks_of(a_host(BAD))
    await store.change(CHECKS, lambda _: kept(checks))
    facts = await known(reader, store)
    assert facts.route_checks == kept(checks)
