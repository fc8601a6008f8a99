"""The doctor: both sides at once, and neither hides the other."""

import asyncio
import re
import time
from dataclasses import dataclass, replace

import pytest
from rich.console import Console

from bot.cli.invite import link
from bot.doctor.domain.diagnostic import Area, Diagnostic, DiagnosticOutcome, DiagnosticReport
from bot.doctor.domain.facts import ClusterFacts, DiscordFacts, Elsewhere, Right, Setup, Use
from bot.doctor.domain.permissions import needed
from bot.doctor.service import Doctor
from bot.doctor.views import discord as discord_report
from bot.doctor.views import terminal as terminal_report
from bot.domain.facts import Denied, RepositoryFacts
from bot.render import terminal
from tests.commands.conftest import texts
from tests.doctor.domain.seen import DISCORD, SETUP, a_cluster
from tests.render.discord_markdown import read


@dataclass
class ToldDiscord:
    """Answers with what a test laid out, after a while."""

    facts: DiscordFacts = DISCORD
    delay: float = 0.0

    async def look(self, setup: Setup) -> DiscordFacts:
        await asyncio.sleep(self.delay)
        return self.facts


@dataclass
class ToldCluster:
    """The same for a cluster; it is asked for every right that a check needs."""

    facts: ClusterFacts
    delay: float = 0.0

    async def look(self, rights: tuple[Right, ...], *, lease_in: str = "") -> ClusterFacts:
        assert set(rights) == set(self.facts.rights)
        await asyncio.sleep(self.delay)
        return self.facts


@dataclass
class ToldRepository:
    """A repository whose facts a test laid out, after a while."""

    facts: RepositoryFacts
    delay: float = 0.0

    async def look(self) -> RepositoryFacts:
        await asyncio.sleep(self.delay)
        return self.facts


async def examined(
    discord: DiscordFacts = DISCORD,
    cluster: ClusterFacts | None = None,
    delays: tuple[float, float] = (0.0, 0.0),
    repository: ToldRepository | None = None,
) -> DiagnosticReport:
    told = ToldCluster(cluster or a_cluster(), delays[1])
    doctor = Doctor(told, SETUP, patience=0.2, repository=repository)
    return await doctor.examine(ToldDiscord(discord, delays[0]))


async def test_a_set_up_without_a_fault_is_ok():
    """Every area is examined, and nothing has to be done."""
    found = await examined()
    assert found.outcome is DiagnosticOutcome.OK
    assert {diagnostic.area for diagnostic in found.diagnostics} == set(Area)


@pytest.mark.parametrize(
    ("delay", "outcome"),
    [(0.0, DiagnosticOutcome.WARNING), (60.0, DiagnosticOutcome.FAILED)],
    ids=["soon", "never"],
)
async def test_the_repository_is_looked_at_and_may_hang(delay: float, outcome: DiagnosticOutcome):
    """An unprotected branch is a warning; a host that hangs is not waited for."""
    told = ToldRepository(RepositoryFacts("page", "main", read=True, protected=False), delay)
    found = await examined(repository=told)
    assert found.outcome is outcome
    kept = [each.name for each in found.diagnostics if each.area is Area.REPOSITORY]
    assert kept == ["repository", "protection"]


@pytest.mark.parametrize(
    ("delays", "blind", "seeing"),
    [
        ((60.0, 0.0), {Area.DISCORD}, {Area.CLUSTER, Area.KINDS, Area.ACCESS, Area.TRAEFIK}),
        ((0.0, 60.0), {Area.CLUSTER, Area.KINDS, Area.ACCESS, Area.TRAEFIK}, {Area.DISCORD}),
        ((60.0, 60.0), set(Area) - {Area.SETTINGS, Area.REPOSITORY}, set()),
    ],
)
async def test_a_side_that_hangs_does_not_hide_the_other(
    delays: tuple[float, float], blind: set[Area], seeing: set[Area]
):
    """In time, with every question of the other side answered, and nothing unseen called ok."""
    began = time.monotonic()
    found = await examined(delays=delays)
    assert time.monotonic() - began < 2
    assert found.outcome is DiagnosticOutcome.UNOBSERVED
    for each in found.diagnostics:
        if each.area in {*seeing, Area.REPOSITORY, Area.SETTINGS}:
            assert each.outcome in (DiagnosticOutcome.OK, DiagnosticOutcome.NOTE)
        elif each.name != "injected-secrets":
            assert each.outcome is DiagnosticOutcome.UNOBSERVED, each
    always = {Area.REPOSITORY, Area.SETTINGS}
    assert {*blind, *seeing, *always} == {diagnostic.area for diagnostic in found.diagnostics}


async def test_every_failure_has_a_fix_that_ends_in_a_full_stop():
    """Whatever is wrong at once."""
    nothing_allowed = a_cluster(
        rights=dict.fromkeys(a_cluster().rights, False), version=Denied("401"), skew=300.0
    )
    wrong = replace(DISCORD, login=Denied("401"), server=Elsewhere(), registered=Denied())
    found = await examined(wrong, nothing_allowed)
    failed = [each for each in found.diagnostics if each.outcome is DiagnosticOutcome.FAILED]
    assert len(failed) > 15
    assert all(re.search(r"\w.*\.$", each.fix) for each in failed)


def one(
    outcome: DiagnosticOutcome, name: str = "it", saw: str = "So it is.", fix: str = ""
) -> Diagnostic:
    return Diagnostic(Area.DISCORD, name, outcome, saw, fix)


@pytest.mark.parametrize(
    ("outcomes", "whole"),
    [
        ([DiagnosticOutcome.OK, DiagnosticOutcome.NOTE], DiagnosticOutcome.OK),
        ([DiagnosticOutcome.OK, DiagnosticOutcome.WARNING], DiagnosticOutcome.WARNING),
        (
            [DiagnosticOutcome.WARNING, DiagnosticOutcome.UNOBSERVED, DiagnosticOutcome.OK],
            DiagnosticOutcome.UNOBSERVED,
        ),
        ([DiagnosticOutcome.UNOBSERVED, DiagnosticOutcome.FAILED], DiagnosticOutcome.FAILED),
        ([], DiagnosticOutcome.UNOBSERVED),
        ([DiagnosticOutcome.NOTE], DiagnosticOutcome.UNOBSERVED),
    ],
)
def test_the_worst_decides_and_nothing_examined_is_not_ok(
    outcomes: list[DiagnosticOutcome], whole: DiagnosticOutcome
):
    """A failure outweighs what was not seen, which outweighs a warning."""
    assert DiagnosticReport(tuple(map(one, outcomes))).outcome is whole


def test_a_terminal_of_80_columns_shows_every_name_answer_and_fix(capsys):
    """Nothing is cut, and what ended alike is said once."""
    long = "A word and " * 30
    found = DiagnosticReport(
        (
            one(DiagnosticOutcome.FAILED, "server", long, "Do this. " * 20),
            one(DiagnosticOutcome.UNOBSERVED, "first-of-these-names", "Silence."),
            one(DiagnosticOutcome.UNOBSERVED, "second-of-these-names", "Silence."),
        )
    )
    console = Console(width=80)
    terminal.show(console, terminal_report.report(found))
    printed = capsys.readouterr().out
    assert printed.startswith("FAILED  1 failed, 2 not seen")
    assert all(len(line) <= 80 for line in printed.splitlines())
    assert printed.count("A word and") + printed.count("A word\n") >= 25
    assert printed.count("Silence.") == 1
    assert "first-of-these-names, second-of-these-names" in printed


def test_a_card_has_room_for_everything_that_can_be_wrong():
    """What does not fit is counted; what Discord or the cluster said cannot break out."""
    hostile = "`@everyone` [a](https://evil.example) " * 20
    many = [
        one(DiagnosticOutcome.FAILED, f"check-{n}", f"{n} {hostile}", "Do this.") for n in range(60)
    ]
    card = discord_report.report(DiagnosticReport((*many, one(DiagnosticOutcome.OK, "token"))))
    said = texts(card.view.to_components())
    assert said.startswith("## ❌ Something is wrong\n60 failed, 1 ok")
    assert len(said) < 4000
    assert re.search(r"and \d\d more", said)
    assert "token" in said
    assert not {"mention", "link"} & set(read(said).live)


def test_an_invitation_asks_for_exactly_what_the_features_need():
    """View, send, embed, attach, read the history: no administrator, nothing else."""
    needs = needed(())
    address = link(300_000_000_000_000_001, 300_000_000_000_000_002, needs)
    (permissions,) = re.findall(r"permissions=(\d+)", address)
    assert int(permissions) == 1 << 10 | 1 << 11 | 1 << 14 | 1 << 15 | 1 << 16
    every = re.findall(r"permissions=(\d+)", link(300_000_000_000_000_001, None, needed(list(Use))))
    assert int(every[0]) == int(permissions) | 1 << 35 | 1 << 38 | 1 << 51
    assert "client_id=300000000000000001" in address
    assert "scope=bot+applications.commands" in address
    assert "guild_id=300000000000000002" in address
    assert "disable_guild_select=true" in address
    assert "guild" not in link(300_000_000_000_000_001, None, needs)
