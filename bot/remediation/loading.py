"""Sees that Traefik has loaded a route before what serves in its place is taken away.

It makes a marker beside the route (`bot.remediation.change.marker`), asks for it at every entrance
of every Traefik, and takes it away again. What is not seen is no leave to take anything away.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.finding import Target
from bot.domain.resources import core
from bot.domain.snapshot import SnapshotReader
from bot.errors import ClusterError, Conflict, MeshmedicError
from bot.net.diagnosis.service import quiet
from bot.net.ports import Prober
from bot.net.probing.protocol import ProbeAnswer
from bot.remediation.change import handover, loaded, marker
from bot.remediation.change import verification_requests as through
from bot.remediation.change.change import Change
from bot.remediation.change.fields import Action, Manifest
from bot.remediation.change.loaded import Look
from bot.remediation.change.states import ChangeState
from bot.remediation.change.step import Step, mistake
from bot.remediation.change.step_progress import Live
from bot.remediation.change.verification_requests import Entrance, VerificationRequest
from bot.remediation.ports import TEMPORARY, StepWriter
from bot.remediation.verification import NO_ENTRANCE, NO_PROBER

TRIES = 2
"""Requests of one kind at each entrance, which must all say the same."""

PAUSE = 3.0
"""Seconds between two looks."""

LOOKS = 20
"""Looks until it is given up: a minute and more, where Traefik gathers changes for 2 s."""

LONGEST = 240.0
"""Seconds for all of it."""

ONE = 45.0
"""Seconds for one look: a pod may have to start."""

MOST = 60
"""Entrances. Where there are more, not all can be seen."""

TOO_MANY = f"There are more than {MOST} ports of Traefik pods."
LEFT = "{at}, by which Traefik was watched, is to be deleted by hand: {why}"

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class LoadingProbe:
    """By requests of the prober. It may be absent: then nothing can be seen."""

    writer: StepWriter
    cluster: SnapshotReader
    prober: Prober | None
    sleep: Sleep = asyncio.sleep
    token: Callable[[], str] = lambda: secrets.token_hex(4)

    async def unseen(self, change: Change, instead: Sequence[Step], live: Live) -> str:
        """Why not every Traefik can be said to serve what these steps stand for; else empty.

        Raises:
            ClusterError: The API server cannot be asked now. A marker may be left: see `clear`.
        """
        if all(handover.stood_before(step, live, change) for step in instead):
            return ""
        why = await self._why([route for step in instead if (route := live[step.object])], change)
        named = ", ".join(str(step.object) for step in instead)
        return why and f"Traefik was not seen to serve {named}. {why}"

    async def _why(self, routes: Sequence[Manifest], change: Change) -> str:
        entrances = await self._entrances()
        if why := self._blind(entrances):
            return why
        name, nothing = marker.host(self.token()), VerificationRequest(marker.host(self.token()))
        asked = {"before": VerificationRequest(name), "nothing before": nothing}
        before = await self._ask(asked, entrances)
        try:
            for step in filter(None, (marker.marker(route, name) for route in routes)):
                await self._write(step, None, change)
            asked = {
                "marked": VerificationRequest(name),
                "route": VerificationRequest(change.plan.host, change.plan.path),
                "nothing": nothing,
            }
            why = await self._seen(asked, routes, before)
        except Conflict:
            why = f"Another object is in the way: the name ends in {marker.SUFFIX}."
        except TEMPORARY:
            raise
        except ClusterError as error:
            why = f"Traefik could not be watched: {error}"
        return " ".join((why, *await self.clear(change))).strip()

    async def clear(self, change: Change) -> tuple[str, ...]:
        """Take away the markers of a change, also those of a process that died; what is left.

        Raises:
            ClusterError: The API server cannot be asked now.
        """
        left = [await self._cleared(at, change) for at in _targets(change)]
        return tuple(filter(None, left))

    async def _cleared(self, at: Target, change: Change) -> str:
        if (live := await self.writer.live(at)) is None or not (gone := marker.removal(at, live)):
            return ""
        try:
            await self._write(gone, live, change)
        except TEMPORARY:
            raise
        except ClusterError as error:
            return LEFT.format(at=at, why=error)
        return ""

    async def _write(self, step: Step, live: Manifest | None, change: Change) -> None:
        by = change.who(ChangeState.APPROVED)
        await self.writer.write(step, live, change.name, by, dry_run=False)

    async def _seen(
        self, asked: Mapping[str, VerificationRequest], routes: Sequence[Manifest], before: _Answers
    ) -> str:
        named = frozenset[str]().union(*map(marker.entry_points, routes))
        why = "It was not seen in time."
        try:
            async with asyncio.timeout(LONGEST):
                for number in range(LOOKS):
                    await self.sleep(PAUSE if number else 0)
                    # One that came meanwhile began with all that is there.
                    still = {one for one, _ in before} & set(await self._entrances())
                    answers = before | await self._ask(asked, sorted(still))
                    looks = [_look(one, answers, named=one.name in named) for one in sorted(still)]
                    if not (why := loaded.unseen(looks)):
                        break
        except TimeoutError:
            pass
        return why

    def _blind(self, entrances: Sequence[Entrance]) -> str:
        if self.prober is None:
            return NO_PROBER
        if not entrances:
            return NO_ENTRANCE
        return TOO_MANY if len(entrances) > MOST else ""

    async def _entrances(self) -> tuple[Entrance, ...]:
        return through.entrances(await self.cluster.snapshot((core.Pod,)), MOST + 1)

    async def _ask(
        self, asked: Mapping[str, VerificationRequest], entrances: Iterable[Entrance]
    ) -> _Answers:
        """All requests at all entrances, in one job for each node."""
        by_node: dict[str, list[Entrance]] = {}
        for entrance in entrances:
            by_node.setdefault(entrance.node, []).append(entrance)
        answers: _Answers = {}
        for there in await asyncio.gather(*(self._at(asked, near) for near in by_node.values())):
            answers |= there
        return answers

    async def _at(
        self, asked: Mapping[str, VerificationRequest], entrances: Sequence[Entrance]
    ) -> _Answers:
        probes = [
            through.probe(request, entrance, TRIES, f"{number} {what}")
            for number, entrance in enumerate(entrances)
            for what, request in asked.items()
        ]
        answers: tuple[ProbeAnswer, ...] = ()
        if self.prober:
            try:
                async with asyncio.timeout(ONE):
                    answers = await self.prober.probe(entrances[0].source, probes, quiet)
            except (MeshmedicError, TimeoutError):
                pass  # Not seen, and judged as that.
        return {
            (entrance, what): tuple(one for one in answers if one.id == f"{number} {what}")
            for number, entrance in enumerate(entrances)
            for what in asked
        }


_Answers = dict[tuple[Entrance, str], tuple[ProbeAnswer, ...]]
"""By the entrance, and what was asked there."""


def _look(entrance: Entrance, answers: _Answers, *, named: bool) -> Look:
    kinds = ("before", "marked", "route", "nothing before", "nothing")
    before, marked, route, *control = (answers.get((entrance, kind), ()) for kind in kinds)
    return Look(entrance, before, marked, route, (control[0], control[1]), named)


def _targets(change: Change) -> tuple[Target, ...]:
    """Where markers of it may stand: beside each route that a hand-over makes or takes away."""
    steps = change.plan.steps
    if not any(step.action is Action.DELETE_INGRESS for step in steps):
        return ()
    whole = (Action.DELETE_INGRESS, Action.CREATE_INGRESSROUTE)
    made = [step for step in steps if step.action in whole and not mistake(step)]
    return tuple(marker.target(step.manifest) for step in made)
