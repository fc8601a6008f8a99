"""Observes that Traefik has loaded a route before what serves in its place is taken away.

It makes a marker beside the route (`bot.remediation.change.marker`), asks for it at every entrance
of every Traefik, and takes it away again. What is not observed permits nothing.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import msgspec

from bot.domain.finding import Target
from bot.domain.resources import core
from bot.domain.sentences import sentences
from bot.domain.snapshot import SnapshotReader
from bot.errors import ClusterError, Conflict
from bot.net.entrances import Entrance, entrances
from bot.net.ports import Prober
from bot.net.probing.protocol import ProbeAnswer
from bot.remediation.change import loaded, marker
from bot.remediation.change.change import Change
from bot.remediation.change.fields import PUT_BACK, Action, Manifest, annotations_of
from bot.remediation.change.loaded import Look
from bot.remediation.change.plan import VerificationRequest
from bot.remediation.change.states import ChangeState
from bot.remediation.change.step import Step, StepProgress, mistake, progress
from bot.remediation.change.step_progress import Live
from bot.remediation.change.verification_requests import probe
from bot.remediation.ports import TEMPORARY, StepWriter
from bot.remediation.verification import NO_ENTRANCE, NO_PROBER, Sleep, send

TRIES = 2
"""Requests of one kind at each entrance, which must all say the same."""

PAUSE = 3.0
"""Seconds between two looks."""

LOOKS = 20
"""Looks until it is given up: more than a minute, where Traefik gathers changes for 2 s."""

LONGEST = 240.0
"""Seconds for all of it."""

MOST = 60
"""Entrances. If there are more, not all can be observed."""

TOO_MANY = f"There are more than {MOST} ports of Traefik pods."
LEFT = "{at}, by which Traefik was watched, is to be deleted by hand: {why}"

Answers = dict[Entrance, dict[str, Sequence[ProbeAnswer]]]
"""By entrance, and by the name of the request that was made there."""


@dataclass(frozen=True, slots=True)
class LoadingProbe:
    """Observes by requests of the prober. Without a prober nothing is observed."""

    writer: StepWriter
    cluster: SnapshotReader
    prober: Prober | None
    sleep: Sleep = asyncio.sleep
    token: Callable[[], str] = lambda: secrets.token_hex(4)

    async def unseen(self, change: Change, instead: Sequence[Step], live: Live) -> str:
        """Why it cannot be said that every Traefik serves the objects of these steps; else empty.

        Raises:
            ClusterError: The API server cannot be asked now. A marker may be left: see `clear`.
        """
        if all(_stood_before(step, live, change) for step in instead):
            return ""
        routes = [route for step in instead if (route := live[step.object])]
        why = await self._watch(routes, change)
        named = ", ".join(str(step.object) for step in instead)
        return why and f"Traefik didn't serve {named} in time. {why}"

    async def _watch(self, routes: Sequence[Manifest], change: Change) -> str:
        places = await self._entrances()
        if self.prober is None:
            return NO_PROBER
        if not places:
            return NO_ENTRANCE
        if len(places) > MOST:
            return TOO_MANY
        name, nothing = marker.host(self.token()), VerificationRequest(marker.host(self.token()))
        requests = {"before": VerificationRequest(name), "nothing before": nothing}
        before = await self._ask(requests, places)
        try:
            for step in filter(None, (marker.marker(route, name) for route in routes)):
                await self._write(step, None, change)
            requests = {
                "marked": VerificationRequest(name),
                "route": change.plan.request,
                "nothing": nothing,
            }
            why = await self._look(requests, routes, before)
        except Conflict:
            why = f"Another object is in the way: the name ends in {marker.SUFFIX}."
        except TEMPORARY:
            raise
        except ClusterError as error:
            why = f"Traefik could not be watched: {error}"
        return sentences(why, *await self.clear(change))

    async def clear(self, change: Change) -> tuple[str, ...]:
        """Take away the markers of a change, also those of a process that died.

        Returns what is left, each with why it cannot be taken away.

        Raises:
            ClusterError: The API server cannot be asked now.
        """
        left = [await self._cleared(at, change) for at in _marker_targets(change)]
        return tuple(filter(None, left))

    async def _cleared(self, at: Target, change: Change) -> str:
        live = await self.writer.live(at)
        if live is None or (removal := marker.removal(at, live)) is None:
            return ""
        try:
            await self._write(removal, live, change)
        except TEMPORARY:
            raise
        except ClusterError as error:
            return LEFT.format(at=at, why=error)
        return ""

    async def _write(self, step: Step, live: Manifest | None, change: Change) -> None:
        by = change.who(ChangeState.APPROVED)
        await self.writer.write(step, live, change.name, by, dry_run=False)

    async def _look(
        self,
        requests: Mapping[str, VerificationRequest],
        routes: Sequence[Manifest],
        before: Answers,
    ) -> str:
        """Look until every Traefik has loaded it, or time is over; why not all have."""
        named = frozenset[str]().union(*map(marker.entry_points, routes))
        why = "It took too long."
        try:
            async with asyncio.timeout(LONGEST):
                for number in range(LOOKS):
                    await self.sleep(PAUSE if number else 0)
                    # A Traefik that came meanwhile started with everything that is there.
                    places = sorted(before.keys() & set(await self._entrances()))
                    now = await self._ask(requests, places)
                    looks = [
                        Look(place, before[place] | now[place], place.name in named)
                        for place in places
                    ]
                    if not (why := loaded.unseen(looks)):
                        break
        except TimeoutError:
            pass
        return why

    async def _entrances(self) -> tuple[Entrance, ...]:
        return entrances(await self.cluster.snapshot((core.Pod,)), MOST + 1)

    async def _ask(
        self, requests: Mapping[str, VerificationRequest], places: Iterable[Entrance]
    ) -> Answers:
        """Make all requests at all entrances, in one job for each node."""
        nodes = [list(near) for _, near in groupby(sorted(places), lambda place: place.node)]
        answers: Answers = {}
        for at_node in await asyncio.gather(*(self._ask_at(requests, near) for near in nodes)):
            answers |= at_node
        return answers

    async def _ask_at(
        self, requests: Mapping[str, VerificationRequest], places: Sequence[Entrance]
    ) -> Answers:
        """Make all requests at the entrances of one node; none are answered if it cannot probe."""
        probes = [
            probe(request, entrance, TRIES, f"{number} {name}")
            for number, entrance in enumerate(places)
            for name, request in requests.items()
        ]
        answers = await send(self.prober, places[0], probes) or ()
        return {
            entrance: {
                name: [answer for answer in answers if answer.id == f"{number} {name}"]
                for name in requests
            }
            for number, entrance in enumerate(places)
        }


def _stood_before(step: Step, live: Live, change: Change) -> bool:
    """Whether it is an Ingress that was never deleted, and is what it was at the approval.

    The requests of that moment saw Traefik serve it, when nothing else was there.
    """
    ingress, approved = live[step.object], change.entered(ChangeState.APPROVED)
    if step.action is not Action.DELETE_INGRESS or ingress is None or approved is None:
        return False
    if progress(step, ingress) is not StepProgress.DONE:
        return False
    if annotations_of(ingress).get(PUT_BACK) == change.name:
        return False
    try:
        created = msgspec.convert(ingress["metadata"].get("creationTimestamp"), datetime | None)
    except msgspec.ValidationError:
        return False
    return created is not None and created < approved


def _marker_targets(change: Change) -> tuple[Target, ...]:
    """Where its markers may stand: beside each route that a hand-over creates or deletes."""
    steps = change.plan.steps
    if not any(step.action is Action.DELETE_INGRESS for step in steps):
        return ()
    of_routes = (Action.DELETE_INGRESS, Action.CREATE_INGRESSROUTE)
    routes = [step for step in steps if step.action in of_routes and not mistake(step)]
    return tuple(marker.target(step.manifest) for step in routes)
