"""Let the real controllers write, and judge it live: `make test-controllers`.

With `--record` what they wrote is kept for the tests.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

from bot.domain.finding import Ref
from bot.kube.client import Api
from bot.kube.connect import connect
from bot.kube.one_shot_reader import ClusterReader
from tests.controllers import certificates, flux, recording, routes, scene
from tests.controllers.expected import READY, Situation
from tests.controllers.judging import CERTIFICATES, FLUX, PARTS, ROUTES, SITUATIONS, Row, rows
from tests.controllers.reading import Plain, Recorded, report
from tests.controllers.recording import Recording, Step
from tests.controllers.watching import FAILING, PLACE, RULES, Watching
from tests.controllers.world import InVain, World
from tests.programs import catalogue
from tests.programs.program import CannotBuild, Program, ensure_built

WELL, RECOVERED = 15.0, RULES.steady.total_seconds() + 60
"""Seconds for which the watched Kustomization is well before and after."""

WATCHED = Ref("Kustomization", PLACE, "watched")
EVERY = 2.0


def main() -> int:
    """Print the table; 0 where all is right."""
    parser = argparse.ArgumentParser(prog="make test-controllers", description=__doc__)
    parser.add_argument("--record", action="store_true", help="keep what was written for the tests")
    parser.add_argument("--keep", type=Path, help="a folder for logs, which is not removed")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="these parts alone")
    arguments = parser.parse_args()
    try:
        for program in _needed(arguments.only):
            ensure_built(program)
        folder = arguments.keep or Path(tempfile.mkdtemp(prefix="meshmedic-controllers-"))
        folder.mkdir(exist_ok=True)
        try:
            with scene.running(folder, arguments.only) as running:
                return asyncio.run(_run(running, arguments.only, record=arguments.record))
        finally:
            if not arguments.keep:
                shutil.rmtree(folder, ignore_errors=True)
    except (CannotBuild, InVain) as error:
        _say(str(error))
        return 1


def _needed(parts: Collection[str]) -> Iterator[Program]:
    unneeded: set[Program] = set()
    if FLUX not in parts:
        unneeded |= {catalogue.SOURCE_CONTROLLER, catalogue.KUSTOMIZE_CONTROLLER}
    if CERTIFICATES not in parts:
        unneeded |= {catalogue.CERT_MANAGER, catalogue.PEBBLE}
    return (program for program in catalogue.CONTROLLERS if program not in unneeded)


async def _run(running: scene.Scene, parts: Collection[str], *, record: bool) -> int:
    world = running.world
    missing = await asyncio.to_thread(_prepare, world, parts)
    async with connect(kubeconfig=world.real.kubeconfig) as api:
        now = datetime.now(UTC)
        served, log = routes.served(running.traefik), tuple(routes.log_of(running.traefik))
        objects = recording.objects_of(world.real)
        cluster = ClusterReader(api, secret_inventory=True)
        table = await rows(cluster, objects, served, parts)
        for row in table:
            _show(row)
        if record:
            kept = Recorded(now, recording.cleaned(objects, running.known))
            recording.write_objects(Recording(kept, served, log, tuple(parts)))
        watching, steps = await _watch(world, api) if FLUX in parts else (None, [])
    wrong = sum(bool(row.wrong) for row in table)
    falsely = sum(row.falsely_healthy for row in table)
    _say(f"{len(table) - wrong} of {len(table)} right, falsely healthy {falsely}")
    amiss = watching.judged() if watching else []
    if ROUTES in parts and (unread := routes.unserved() ^ routes.refused(log)):
        amiss = [*amiss, f"Traefik's log is not read as what Traefik does: {sorted(unread)}"]
        _say(f"WRONG  {amiss[-1]}")
    if watching:
        verdicts = ", ".join(watching.verdicts)
        _say(f"{'WRONG' if amiss else 'right'}  over time: {verdicts}; {'; '.join(amiss)}")
    if record:
        recording.write_steps(
            Step(
                Recorded(
                    step.cluster.taken_at, recording.cleaned(step.cluster.objects, running.known)
                ),
                failing=step.failing,
            )
            for step in steps
        )
    return 1 if wrong or amiss or missing else 0


def _prepare(world: World, parts: Collection[str]) -> list[str]:
    """Bring about every situation. Returns what did not come about."""
    modules = {FLUX: flux, CERTIFICATES: certificates, ROUTES: routes}
    for part in parts:
        modules[part].begin(world)
    for part in parts:
        modules[part].go_on(world)
    situations = [each for part in parts for each in SITUATIONS.get(part, ())]
    missing = [line for each in situations for line in _unsettled(world, each)]
    for line in missing:
        _say(f"in vain: {line}")
    return missing


def _unsettled(world: World, situation: Situation) -> Iterator[str]:
    try:
        world.settled(situation)
    except (InVain, AssertionError) as error:
        yield f"{situation.name}: {error}"


async def _watch(world: World, api: Api) -> tuple[Watching, list[Step]]:
    """A Kustomization that is well, fails for as long as is asked, and is well again."""
    world.apply([flux.watched_kustomization()])
    await asyncio.to_thread(world.until_written, WATCHED, READY)
    watching, steps = Watching(), list[Step]()
    for seconds, replicas in ((WELL, 0), (FAILING.total_seconds(), 1), (RECOVERED, 0)):
        files = flux.watched(replicas)
        await asyncio.to_thread(world.repository.commit, files, f"{replicas} of them")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            seen = await report(ClusterReader(api), namespace=PLACE)
            watching.see(seen, failing=bool(replicas))
            objects = tuple(await asyncio.to_thread(_watched, world))
            steps.append(Step(Recorded(seen.taken_at, objects), failing=bool(replicas)))
            await asyncio.sleep(EVERY)
    return watching, steps


def _watched(world: World) -> list[Plain]:
    kinds = "kustomizations.kustomize.toolkit.fluxcd.io,deployments.apps,replicasets.apps,pods"
    items: list[Plain] = world.real.read(kinds, "-n", PLACE)["items"]
    return items


def _show(row: Row) -> None:
    cause = f" <- {row.answer.cause}" if row.answer.cause else ""
    wrong = f"  {'; '.join(row.wrong)}" if row.wrong else ""
    _say(f"{'WRONG' if row.wrong else 'right'}  {row.name}: {row.answer.verdict}{cause}{wrong}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
