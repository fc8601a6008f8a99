"""What each front end says of a cluster, in one form: subject, verdict, reason and root."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from bot.alerting.domain.incident import ALERTS, Alerts
from bot.cli import digest as digest_command
from bot.digest.domain.digest import Digest
from bot.digest.domain.records import DigestSchedule
from bot.digest.domain.schedule import Timetable
from bot.domain.report import Report
from bot.domain.verdict import Verdict
from bot.health import offline
from bot.health.views import json as health_json
from bot.routing.site_state import SiteState
from bot.runtime.memory_store import Unkept
from bot.sandbox.discord_page import CHANNEL_ID
from bot.sites.domain.site import Sites
from bot.sites.views import json as sites_json
from bot.traefik.domain.answers import RoutesAnswer
from tests.commands.conftest import marked, text_of
from tests.one_answer.world import World

Subject = tuple[str, str, str]
"""Kind, namespace, name."""


class Told(NamedTuple):
    """One finding; `root` is the code of the root cause, its own where it is one."""

    check: str
    subject: Subject
    verdict: str
    reason: str
    root: str


@dataclass(frozen=True)
class Answer:
    """The whole verdict, what is told, the names of what was not seen, and notes."""

    verdict: str
    told: frozenset[Told]
    unseen: frozenset[str]
    judged: Mapping[str, int]
    notes: frozenset[tuple[Subject, str]]

    def verdicts(self) -> dict[Subject, Told]:
        """The worst of each subject that is not healthy."""
        by_subject: dict[Subject, Told] = {}
        for each in sorted(self.told, key=lambda told: Verdict(told.verdict).rank):
            by_subject[each.subject] = each
        return by_subject


def of_report(report: Report) -> Answer:
    """By the JSON that scripts and exports get."""
    document = json.loads(health_json.report(report))
    findings = {finding["code"]: finding for finding in document["findings"]}

    def root(code: str) -> str:
        cause = findings[code]["cause"]
        return root(cause) if cause else code

    return Answer(
        document["verdict"],
        frozenset(
            Told(
                finding["check"],
                (finding["kind"], finding["namespace"], finding["name"]),
                finding["verdict"],
                finding["reason"],
                root(code),
            )
            for code, finding in findings.items()
        ),
        frozenset(gap["kind"] for gap in document["gaps"]),
        document["seen"],
        frozenset(
            ((note["kind"], note["namespace"], note["name"]), note["reason"])
            for note in document["notes"]
        ),
    )


def of_routes(answer: RoutesAnswer) -> dict[Subject, str]:
    """The verdict on each route."""
    return {
        (route.ref.kind, route.ref.namespace, route.ref.name): route.verdict
        for route in answer.routes
    }


def notes_of_routes(answer: RoutesAnswer) -> frozenset[tuple[Subject, str]]:
    """The notes on routes."""
    return frozenset(
        ((route.ref.kind, route.ref.namespace, route.ref.name), note.partition(":")[0])
        for route in answer.routes
        for note in route.notes
    )


def of_sites(sites: Sites) -> dict[str, str]:
    """The state of each site, by the JSON that scripts get."""
    document = json.loads(sites_json.sites(sites))
    return {site["host"]: site["state"] for site in document["sites"]}


def at_odds(report: Report, sites: Sites) -> Iterator[str]:
    """Sites that answer by a route that has failed, or fail by one that the report calls well."""
    verdicts = {finding.subject: finding.verdict for finding in report.findings}
    for site in sites.all:
        worst = max((verdicts.get(route, Verdict.HEALTHY).rank for route in site.routes), default=0)
        fails = site.state is SiteState.FAILS
        if worst >= Verdict.FAILED.rank and not fails:
            yield f"{site.host} {site.state}, and a route of it has failed"
        if worst < Verdict.DEGRADED.rank and fails:
            yield f"{site.host} does not answer, and /health calls its routes well"


def of_digest(digest: Digest) -> frozenset[tuple[str, str, str, int]]:
    """The code, verdict, reason and effects of each root cause."""
    return frozenset(
        (entry.finding.code, entry.finding.verdict, entry.finding.reason, entry.downstream)
        for entry in digest.difference.present
    )


def roots_of(report: Report) -> frozenset[tuple[str, str, str, int]]:
    """The same, of a report."""
    return frozenset(
        (root.code, root.verdict, root.reason, len(report.downstream.get(root.key, ())))
        for root in report.roots
    )


def judged(objects: Iterable[object]) -> dict[Subject, Told]:
    """What `judge` says of the same objects, exported just now."""
    verdicts = offline.judge(objects, now=datetime.now(UTC), timely=True)
    return {
        (each.kind, each.namespace, each.name): Told(
            "", (each.kind, each.namespace, each.name), each.verdict, each.reason, ""
        )
        for each in verdicts
    }


def a_schedule() -> DigestSchedule:
    """Of everything, and of any verdict."""
    now = datetime.now(UTC)
    return DigestSchedule(name="digest", channel=CHANNEL_ID, when=Timetable(0, 0), began=now)


async def digest_of_the_bot(world: World) -> Digest:
    """As `/digest now` composes it."""
    return (await world.bot._digests.composer.compose(a_schedule())).digest


async def digest_of_the_terminal(world: World) -> Digest:
    """As `meshmedic digest` composes it."""
    health = await world.terminal.health()
    composer = digest_command._composer(world.terminal, health, world.terminal.store or Unkept())
    return (await composer.compose(a_schedule())).digest


async def alerts(world: World) -> Alerts:
    """What the bot keeps of incidents."""
    return await world.store.read(ALERTS) or Alerts()


def posts(world: World, *marks: str) -> list[str]:
    """The messages in the channel, the oldest first: all, or those with one of these marks."""
    every = world.page.channel.history()
    return [text_of(message) for message in (marked(every, *marks) if marks else every)]
