"""Every front end is asked the same question on every scenario, and gives one answer.

The bot answers in a simulated Discord, by `/health`, `/sites`, `/traefik`, `/net diagnose`, digest,
board and alerts; the terminal by `check`, `sites`, `digest` and `traefik`; and `judge` reads an
export of the same objects. All of them look at one world. They are asked three times: before
anybody has tested a route, after route checks, and after `/net diagnose` of each.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from bot.alerting.domain.incident import Alerts
from bot.cli.parser import EXIT
from bot.digest.views import text as digest_text
from bot.domain.check import SCOPES
from bot.domain.election import Alone
from bot.domain.report import Report
from bot.domain.verdict import INCIDENT, Verdict
from bot.errors import InputError, MeshmedicError
from bot.health.checks import CHECKS
from bot.health.report_store import ReportStore
from bot.health.views import text as health_text
from bot.kube.configmap_store import ConfigMapStore
from bot.net import route_resolution
from bot.net.diagnosis import recent
from bot.net.diagnosis.diagnosis import Confidence, Diagnosed
from bot.net.diagnosis.subject import Native
from bot.net.route_checks.monitor import CheckSettings, RouteMonitor
from bot.render.text import MARK
from bot.routing.site_state import SiteState
from bot.sandbox.scenarios import SCENARIOS, Scenario
from bot.sites.domain.site import Sites
from bot.sites.views import text as sites_text
from bot.traefik.domain.answers import RoutesAnswer
from bot.traefik.service import Traefik
from tests.one_answer.answers import (
    Answer,
    Subject,
    Told,
    alerts,
    at_odds,
    digest_of_the_bot,
    digest_of_the_terminal,
    judged,
    notes_of_routes,
    of_digest,
    of_report,
    of_routes,
    of_sites,
    posts,
    roots_of,
)
from tests.one_answer.more import AROUND, REDIRECTED, REPORTED, ROUTES
from tests.one_answer.world import STATE, World, playing

MOST_NAMESPACES = 3
"""Namespaces that are asked for one by one."""

Owner = str
Excuse = Callable[[Told | None, Told, Answer, Owner], bool]
"""Of what `check` says, what `judge` says, the answer of `check`, and the kind of the owner."""

ABSENCE = re.compile(r"\w*NotFound|Orphaned|NoReadyEndpoints|ClassNotServed")
"""The reasons of what is wrong since something is not there."""

EXCUSES: dict[str, Excuse] = {
    "No check reads this kind of a cluster.": lambda _, told, live, __: (
        told.subject[0] not in live.judged
    ),
    "No check reads the kind of its owner, which explains it.": lambda _, __, live, owner: (
        bool(owner) and owner not in live.judged
    ),
    "This kind could not be read of this cluster.": lambda _, told, live, __: (
        told.subject[0] in live.unseen
    ),
    "Files lack the agents' rounds.": lambda checked, *_: (
        checked is not None and checked.check == "connectivity"
    ),
    "Files lack Traefik's own word.": lambda checked, *_: (
        checked is not None
        and (
            checked.reason in ("RequestsFail", "RefusedByTraefik", "WarnedByTraefik")
            or checked.reason == "SecretMissedByTraefik"
        )
    ),
    "What a file lacks may exist in the cluster, so an absence proves nothing.": (
        lambda checked, told, *_: (
            checked is not None
            and bool(ABSENCE.fullmatch(checked.reason))
            and Verdict(told.verdict).rank < Verdict(checked.verdict).rank
        )
    ),
    "A controller writes an address into an Ingress; live, its references are the better proof.": (
        lambda _, told, *__: told.subject[0] == "Ingress" and told.reason == "NoAddress"
    ),
}
"""Why `judge` may say something else of an object than `check`, by rule."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "scenario",
    [*SCENARIOS, ROUTES, AROUND, REDIRECTED, REPORTED],
    ids=lambda scenario: scenario.name,
)
async def test_every_front_end_gives_one_answer(scenario: Scenario, tmp_path: Path):
    """The same findings, each with one verdict, reason and root; what is not read is named."""
    async with playing(scenario, tmp_path) as world:
        await _begun(world)
        before = await _differences(world)
        before += _by_files(of_report(await world.bot._health.look()), world)
        await _checked(world)
        before += [f"with route checks: {line}" for line in await _differences(world)]
        await _diagnosed(world)
        after = await _differences(world)
    if before or after:
        # One line for each: an assertion would cut them.
        pytest.fail("\n".join([*before, *after]))


@pytest.mark.slow
async def test_every_front_end_tells_a_way_round_alike_through_repair_and_revert(tmp_path: Path):
    """Failed, then worked around with a proof that holds, then failed again."""
    async with playing(REDIRECTED, tmp_path) as world:
        await _begun(world)
        await _diagnosed(world)
        before, found = await world.bot._health.look(), await _differences(world)
        await _native(world, on=True)
        await _repaired(world)
        around, also = await world.bot._health.look(), await _differences(world)
        state = await alerts(world)
        await _native(world, on=False)
        again, last = await world.bot._health.look(), await _differences(world)
        reopened = await alerts(world)
    if found or also or last:
        pytest.fail("\n".join([*found, *also, *last]))
    link = "connectivity/Node//edge"
    hurt = {finding.key for finding in before.findings}
    assert link in hurt
    assert EXIT[before.verdict] == EXIT[again.verdict] == EXIT[Verdict.FAILED]
    assert (around.findings, EXIT[around.verdict]) == ((), 0)
    assert {note.key for note in around.notes} == hurt == {find.key for find in again.findings}
    assert {note.reason for note in around.notes} == {"WorkedAround"}
    assert state.incidents
    assert {incident.end for incident in state.incidents if incident.ended} == {"worked around"}
    assert all(incident.ended for incident in state.incidents)
    assert reopened.holding(link)


async def _native(world: World, *, on: bool) -> None:
    """Set nativeLB of every route, or take it back, until the bot has seen it."""
    for route in world.lab.of("IngressRoute"):
        for rule in route["spec"]["routes"]:
            for service in rule["services"]:
                service["nativeLB"] = on
        world.cluster.put(route)
    value = {"traefik.ingress.kubernetes.io/service.nativelb": "true"} if on else {}
    for ingress in world.lab.of("Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                namespace, name = ingress["metadata"]["namespace"], path["backend"]["service"]
                service = world.lab.get("Service", namespace, name["name"])
                service["metadata"]["annotations"] = value
                world.cluster.put(service)
    wanted = Native.ON if on else Native.OFF
    for _ in range(100):
        snapshot = await world.bot._health.snapshot(route_resolution.READS)
        tests = chain.from_iterable(recent.applying(snapshot).values())
        if {now.native for _, now in tests} == {wanted}:
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"the bot did not see nativeLB {wanted}")


async def _repaired(world: World) -> None:
    """Note that requests got through by now, as the proof of a repair does."""
    diagnose = world.bot._diagnose
    for test in diagnose.remembered:
        if recent.proves(test):
            diagnose.note_worked(test.subject.name, datetime.now(UTC))
    await _keep_proofs(world)


async def _begun(world: World) -> None:
    """Wait until the rounds of the agents were read once, where they can be."""
    rounds = world.bot._rounds
    assert rounds is not None
    await rounds.look()


async def _checked(world: World) -> None:
    """Ask every site once, and keep what was answered where the terminal looks for it."""
    store = ConfigMapStore(world.terminal.api, STATE, Alone())
    often = CheckSettings(3600.0, first=0.0)
    world.bot._checks = RouteMonitor(world.bot.cluster.cache, world.agents, Alone(), often, store)
    await world.bot._checks.turn()


async def _diagnosed(world: World) -> None:
    """Test every route, and keep what was proven where the terminal looks for it."""
    diagnose = world.bot._diagnose
    try:
        names = await diagnose.suggestions("ingress", 100)
    except MeshmedicError:
        return
    tests = (diagnose.diagnose(name) for name in names)
    for found in await asyncio.gather(*tests, return_exceptions=True):
        # Some lead to nothing that could be tested, which is a finding already.
        if isinstance(found, BaseException) and not isinstance(found, InputError):
            raise found
    await _keep_proofs(world)


async def _keep_proofs(world: World) -> None:
    kept = ReportStore(ConfigMapStore(world.terminal.api, STATE, Alone()), Alone())
    kept.note_proofs(world.bot._diagnose.proofs)
    await kept.keep()


async def _differences(world: World) -> list[str]:
    """What any front end says otherwise than the health checks of the bot, in words."""
    report = await world.bot._health.check()
    answer = of_report(report)
    return [
        *await _by_terminal(answer, world),
        *await _by_parts(answer, world),
        *await _by_routes(report, world),
        *await _by_sites(report, world),
        *_by_diagnoses(answer, world.bot._diagnose.remembered),
        *await _by_digests(report, world),
        *await _by_posts(report, world),
    ]


async def _by_terminal(answer: Answer, world: World) -> list[str]:
    """`check`: all the same, or named as not seen."""
    checked = of_report(await (await world.terminal.health()).check())
    found = [f"check: {each}" for each in sorted(checked.told ^ answer.told)]
    found += [f"check: the note {each}" for each in sorted(checked.notes ^ answer.notes)]
    if checked.verdict != answer.verdict:
        found.append(f"check: {checked.verdict}, and /health: {answer.verdict}")
    if not answer.unseen <= checked.unseen:
        found.append(f"check does not name {answer.unseen - checked.unseen}")
    return found


async def _by_parts(answer: Answer, world: World) -> list[str]:
    """One scope, or one namespace: its part of the whole, with the same root causes."""
    bot, terminal = world.bot._health, await world.terminal.health()
    checks = {check.name: check.scope for check in bot.checks}
    places = sorted({told.subject[1] for told in answer.told} - {""})[:MOST_NAMESPACES]
    found = []
    for scope in SCOPES:
        part = {told for told in answer.told if checks.get(told.check) == scope}
        for name, health in (("/health", bot), ("check", terminal)):
            asked = of_report(await health.check((scope,)))
            found += _unlike(f"{name} {scope}", part, asked, answer)
    for place in places:
        part = {told for told in answer.told if told.subject[1] == place}
        for name, health in (("/health", bot), ("check", terminal)):
            asked = of_report(await health.check((), place))
            found += _unlike(f"{name} in {place}", part, asked, answer)
    return found


def _unlike(name: str, part: set[Told], asked: Answer, whole: Answer) -> Iterator[str]:
    """What is missing, and what the whole answer lacks; causes elsewhere belong to a part."""
    for told in sorted(part - asked.told):
        yield f"{name} lacks {told}"
    for told in sorted(asked.told - whole.told):
        yield f"{name} says {told}"


async def _by_digests(report: Report, world: World) -> list[str]:
    """Every root cause with its effects, and their number; where nothing is seen, it says so."""
    found = []
    digests = {"/digest now": digest_of_the_bot, "meshmedic digest": digest_of_the_terminal}
    for name, compose in digests.items():
        try:
            digest = await compose(world)
        except MeshmedicError as error:
            # The terminal ends with the code of unknown then.
            found += [] if report.verdict is Verdict.UNKNOWN else [f"{name}: {error}"]
            continue
        if of_digest(digest) != roots_of(report) or digest.report.verdict != report.verdict:
            found.append(f"{name}: {of_digest(digest) ^ roots_of(report)}, {digest.report.verdict}")
        if name.startswith("/") and sites_text.of_report(report) not in digest_text.text(digest):
            found.append(f"{name} does not say {sites_text.of_report(report)!r}")
        if digest.notes != report.public.notes:
            found.append(f"{name} has the notes {digest.notes}")
        if digest.shown != len(report.roots):
            found.append(f"{name} counts {digest.shown} of {len(report.roots)}")
    return found


async def _by_routes(report: Report, world: World) -> list[str]:
    """`/traefik routes` and `describe`, here and in the terminal."""
    try:
        answers = {
            "/traefik routes": await world.bot._traefik.routes(),
            "meshmedic traefik routes": await Traefik(
                await world.terminal.health(), world.terminal.traefik_reader
            ).routes(),
        }
    except MeshmedicError as error:
        return [] if report.unseen else [str(error)]
    worst = of_report(report).verdicts()
    found = []
    for name, routes in answers.items():
        for subject, verdict in of_routes(routes).items():
            told = worst.get(subject)
            if verdict != (told.verdict if told else Verdict.HEALTHY):
                found.append(f"{name}: {subject} {verdict}, and /health: {told}")
        found += _whole(name, routes, worst, report)
        notes = {note for note in of_report(report).notes if note[0][0].startswith("Ingress")}
        found += [f"{name}: the note {each}" for each in notes ^ notes_of_routes(routes)]
    return found


def _whole(
    name: str, routes: RoutesAnswer, worst: dict[Subject, Told], report: Report
) -> Iterator[str]:
    """The verdict on all routes; worse than theirs only where it names what it did not see."""
    of_routes_alone = [
        Verdict(told.verdict) for (kind, _, _), told in worst.items() if kind.startswith("Ingress")
    ]
    least = max((verdict.rank for verdict in of_routes_alone), default=0)
    if routes.verdict.rank < least and not any(route.unread for route in routes.routes):
        yield f"{name}: {routes.verdict} in all"
    if routes.verdict.rank > least and not routes.unseen and not report.unseen:
        yield f"{name}: {routes.verdict} in all, and names nothing that it did not see"


async def _by_sites(report: Report, world: World) -> list[str]:
    """`/sites` and `meshmedic sites`: one state of each, beside what the report says of routes.

    A test that passed is known to the bot alone, so the terminal may call its site not tested.
    """
    sites = await world.bot._health.sites()
    bot = of_sites(sites)
    terminal = of_sites(await (await world.terminal.health()).sites())
    carried = report.supplement(Sites)
    lines = [f"/sites: {line}" for line in at_odds(report, sites)]
    if carried is None or of_sites(carried) != bot:
        lines.append(f"the report says {carried}, and /sites: {bot}")
    if terminal.keys() != bot.keys():
        lines.append(f"meshmedic sites: {terminal.keys() ^ bot.keys()}")
    for host, state in terminal.items():
        untold = (state, bot.get(host)) == (SiteState.NOT_TESTED, SiteState.ANSWERS)
        if state != bot.get(host) and not untold:
            lines.append(f"meshmedic sites: {host} {state}, and /sites: {bot.get(host)}")
    return lines


def _by_diagnoses(answer: Answer, diagnoses: tuple[Diagnosed, ...]) -> Iterator[str]:
    """A route that a diagnosis proves to be broken, and one that works and is called broken.

    What was repaired since is no more as it was tested.
    """
    worst = answer.verdicts()
    for diagnosed in diagnoses:
        route, diagnosis = diagnosed.route, diagnosed.diagnosis
        if route is None:
            continue
        told = worst.get((route.kind, route.namespace, route.name))
        rank = Verdict(told.verdict).rank if told else 0
        proven = diagnosis.confidence is Confidence.PROVEN and diagnosed.worked is None
        if diagnosis.verdict is Verdict.FAILED and proven and rank < Verdict.FAILED.rank:
            yield f"/net diagnose: {route} {diagnosis.row}, and /health: {told}"
        if rank > max(diagnosis.verdict.rank, Verdict.UNKNOWN.rank):
            yield f"/net diagnose: {route} {diagnosis.verdict}, and /health: {told}"


async def _by_posts(report: Report, world: World) -> list[str]:
    """What stands in Discord: the answers, the board, and the incidents."""
    await world.look()
    return [
        *await _by_slash(report, world),
        *_by_board(report, world),
        *_by_incidents(report, await alerts(world), world),
    ]


async def _by_slash(report: Report, world: World) -> list[str]:
    """What `/health all` and `/traefik routes` show a person."""
    person, channel = world.page.preview.viewers[0], world.page.channel
    found = []
    answers = (("health all", _headline(report)), ("traefik routes", ""), ("sites", ""))
    for command, wanted in answers:
        result = await person.slash(channel, command)
        text = await _shown(world, result.response.id)
        if command != "traefik routes" and sites_text.of_report(report) not in text:
            found.append(f"/{command} shows {text[:200]!r} of {sites_text.of_report(report)!r}")
        if wanted and not (MARK[report.verdict] in text and wanted in text):
            found.append(f"/{command} shows {text[:200]!r}")
        green = [
            line for line in text.splitlines() if line.startswith(f"{MARK[Verdict.HEALTHY]} `")
        ]
        found += [
            f"/{command} is green for {told.subject}"
            for told in of_report(report).verdicts().values()
            if any(f"/{told.subject[1]}/{told.subject[2]}`" in line.lower() for line in green)
            and told.subject[0].startswith("Ingress")
        ]
    return found


async def _shown(world: World, message: int) -> str:
    """The text of an answer, once it has come."""
    for _ in range(50):
        for posted, text in zip(world.page.channel.history(), posts(world), strict=True):
            if posted.id == message and text:
                return text
        await asyncio.sleep(0.1)
    return ""


def _headline(report: Report) -> str:
    """The situation, as it begins a message."""
    said = health_text.headline(report)
    return said[:1].upper() + said[1:]


def _by_board(report: Report, world: World) -> Iterator[str]:
    boards = posts(world, "meshmedic-board")
    head = f"## {MARK[report.verdict]} {_headline(report)}"
    sites = sites_text.of_report(report)
    if not any(text.startswith(head) and sites in text for text in boards):
        yield f"the board shows {[text[:200] for text in boards]} and not {head!r}, {sites!r}"


def _by_incidents(report: Report, state: Alerts, world: World) -> Iterator[str]:
    """One for every root that is bad enough, and for nothing that is healthy."""
    bad = {finding.key for finding in report.findings if finding.verdict.rank >= INCIDENT.rank}
    for root in report.roots:
        if root.key in bad and state.holding(root.key) is None:
            yield f"no incident of {root.key}"
    checks = {check.name for check in CHECKS}
    for incident in state.incidents:
        # Not to see the cluster is an incident too, and no finding of a check.
        blind = incident.head.check not in checks and bool(report.unseen)
        if not (incident.ended or blind or bad & set(incident.keys)):
            yield f"an incident of {incident.head.key}, which is not bad"
        if not posts(world, incident.id):
            yield f"the incident of {incident.head.key} is not posted"


def _by_files(answer: Answer, world: World) -> Iterator[str]:
    """`judge` on an export of the objects: the same verdicts, but for EXCUSES."""
    checked = answer.verdicts()
    owners = {_subject(manifest): _owner(manifest) for manifest in world.lab.objects}
    for subject, told in judged(world.lab.objects).items():
        live = checked.get(subject)
        verdict, reason = (live.verdict, live.reason) if live else (Verdict.HEALTHY, told.reason)
        if (told.verdict, told.reason) == (verdict, reason):
            continue
        owner = owners.get(subject, "")
        if not any(excuse(live, told, answer, owner) for excuse in EXCUSES.values()):
            yield f"judge: {told}, and check: {live}"


def _subject(manifest: dict[str, Any]) -> Subject:
    meta = manifest["metadata"]
    return manifest["kind"], meta.get("namespace", ""), meta["name"]


def _owner(manifest: dict[str, Any]) -> str:
    """The kind of what controls an object."""
    owners = manifest["metadata"].get("ownerReferences") or [{}]
    return str(owners[0].get("kind", ""))
