"""What stands behind `/traefik`: what it serves, what its logs tell, and one route in full.

Traefik's own API goes first, then its log. Where neither can be seen, as with k3s's defaults, the
answer says so, and how to allow it; what follows from the objects is told all the same.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import msgspec

from bot.domain.resources import networking, traefik
from bot.domain.snapshot import SnapshotReader
from bot.errors import ClusterError, InputError
from bot.net.diagnosis.observation import Belief
from bot.net.diagnosis.subject import Subject
from bot.traefik.domain import log_report as log_book
from bot.traefik.domain import routes_view as view
from bot.traefik.domain import runtime_view as believing
from bot.traefik.domain import service_view as subject_belief
from bot.traefik.domain.api import Runtime
from bot.traefik.domain.backend import Reading
from bot.traefik.domain.instance import HOW_TO_LOG, TraefikPod, static, version
from bot.traefik.domain.log_answer import LogsAnswer
from bot.traefik.domain.log_lines import LineSplitter
from bot.traefik.domain.log_request import LogAsked, LogEnd, NotSeen
from bot.traefik.domain.log_summary import LogSummary, Summing
from bot.traefik.domain.routes import READS, ServedRoute, served
from bot.traefik.domain.routes_view import API, LOG, RoutesAnswer, RouteView
from bot.traefik.domain.runtime_view import RouterBelief

SINCE = timedelta(hours=1)
LONGEST = timedelta(days=30)

SPAN = re.compile(r"(\d{1,6})\s*([smhd])")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

NO_TRAEFIK = (
    "No running pod has the label app.kubernetes.io/name=traefik: nothing of Traefik was seen."
)


class PodSource(Protocol):
    """What is asked of Traefik itself, replica by replica."""

    async def pods(self) -> tuple[TraefikPod, ...]:
        """Its running pods.

        Raises:
            ClusterError: They cannot be listed.
        """
        ...

    async def runtime(self, pod: TraefikPod) -> Runtime | NotSeen:
        """What it serves by its own API, or why that cannot be seen."""
        ...

    async def log(self, pod: TraefikPod, asked: LogAsked, take: Callable[[bytes], None]) -> LogEnd:
        """Its log in chunks.

        Raises:
            ClusterError: It cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Believed:
    """The beliefs of the replicas, where from, and what was not seen."""

    of: str
    beliefs: dict[str, tuple[RouterBelief, ...]]
    unseen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Traefik:
    """The questions about Traefik."""

    cluster: SnapshotReader
    source: PodSource

    async def routes(self) -> RoutesAnswer:
        """Every route, with the servers that Traefik has made of it where that can be seen.

        Raises:
            ClusterError: The cluster's objects cannot be read at all.
        """
        snapshot, (pods, unseen) = await asyncio.gather(self.cluster.snapshot(READS), self.pods())
        believed = await self._believed(pods)
        return view.routes(
            served(snapshot, reading(pods)),
            snapshot,
            pods,
            believed.beliefs,
            of=believed.of,
            unseen=(*unseen, *believed.unseen),
        )

    async def describe(self, asked: str) -> tuple[RouteView, RoutesAnswer]:
        """One route in full, and the answer that it is a part of.

        Raises:
            InputError: No route is meant by that, or several; the message names them.
            ClusterError: As in `routes`.
        """
        answer = await self.routes()
        names = {route.label: route for route in answer.routes}
        return names[_meant(asked, tuple(answer.routes), answer.unseen)], answer

    async def logs(
        self, route: str | None = None, since: timedelta | None = None, *, previous: bool = False
    ) -> LogsAnswer:
        """What the logs of all replicas tell, of one route or of all.

        Raises:
            InputError: No route is meant by that, or the time is none.
            ClusterError: As in `routes`.
        """
        seconds = _seconds(SINCE if since is None else since)
        snapshot, (pods, unseen) = await asyncio.gather(self.cluster.snapshot(READS), self.pods())
        found = served(snapshot, reading(pods))
        label = _meant(route, found, unseen) if route else ""
        asked = LogAsked(seconds=seconds, previous=previous)
        summaries, failed = await self.summaries(pods, asked)
        statics = [static(pod.args) for pod in pods]
        shows = bool(statics) and all(
            static_.shows_servers or static_.access_log for static_ in statics
        )
        answer = log_book.logs(
            summaries,
            snapshot,
            found,
            pods,
            route=label,
            since_seconds=seconds,
            shows=shows,
            unseen=(*unseen, *failed),
        )
        if answer.shows_failures or not pods:
            return answer
        quiet = f"A log of this level tells of no failure and no server. {HOW_TO_LOG}"
        return msgspec.structs.replace(answer, unseen=(*answer.unseen, quiet))

    async def suggestions(self, typed: str, most: int) -> tuple[str, ...]:
        """The routes whose label or rule holds what was typed."""
        snapshot = await self.cluster.snapshot((traefik.IngressRoute, networking.Ingress))
        words = typed.casefold().split()
        shown = {
            route.label: f"{route.label} {' '.join(rule.match for rule in route.rules)}".casefold()
            for route in served(snapshot, Reading())
        }
        return tuple(label for label, text in shown.items() if all(w in text for w in words))[:most]

    async def belief(self, subject: Subject) -> Belief:
        """What Traefik itself believes of a route's Service, and its failures there.

        Raises:
            ClusterError: Nothing can be read; the message says how to allow it.
        """
        pods, unseen = await self.pods()
        if not pods:
            raise ClusterError(" ".join(unseen) or NO_TRAEFIK)
        (summaries, failed), believed, snapshot = await asyncio.gather(
            self.summaries(pods, LogAsked(seconds=_seconds(SINCE))),
            self._by_api(pods),
            self.cluster.snapshot(READS),
        )
        if not believed.beliefs:
            believed = _of_logs(summaries, believed.unseen)
        known = reading(pods)
        answer = view.routes(
            served(snapshot, known), snapshot, pods, believed.beliefs, of=believed.of, unseen=()
        )
        unseen = tuple(dict.fromkeys((*believed.unseen, *failed)))
        return subject_belief.belief(subject, answer, summaries, known.version, unseen)

    async def pods(self) -> tuple[tuple[TraefikPod, ...], tuple[str, ...]]:
        """The running replicas, and why there are none."""
        try:
            pods = await self.source.pods()
        except ClusterError as error:
            return (), (f"Traefik's pods: {error}",)
        return pods, () if pods else (NO_TRAEFIK,)

    async def _believed(self, pods: tuple[TraefikPod, ...]) -> _Believed:
        """By the API of every replica that lets itself be asked, else by the logs."""
        found = await self._by_api(pods)
        if found.beliefs or not pods:
            return found
        # What a router's servers are was logged when they were made, however long ago.
        summaries, failed = await self.summaries(pods, LogAsked())
        return _of_logs(summaries, (*found.unseen, *failed))

    async def _by_api(self, pods: tuple[TraefikPod, ...]) -> _Believed:
        answers = await asyncio.gather(*(self.source.runtime(pod) for pod in pods))
        beliefs: dict[str, tuple[RouterBelief, ...]] = {}
        unseen: list[str] = []
        for pod, answer in zip(pods, answers, strict=True):
            if isinstance(answer, NotSeen):
                unseen.append(str(answer))
            else:
                beliefs[pod.name] = believing.by_api(answer)
        return _Believed(API if beliefs else "", beliefs, tuple(unseen))

    async def summaries(
        self, pods: tuple[TraefikPod, ...], asked: LogAsked
    ) -> tuple[dict[str, LogSummary], tuple[str, ...]]:
        """The log of each replica, read and counted as it comes; and what could not be read."""
        answers = await asyncio.gather(*(self._log(pod, asked) for pod in pods))
        summaries = {
            pod.name: answer
            for pod, answer in zip(pods, answers, strict=True)
            if isinstance(answer, LogSummary)
        }
        return summaries, tuple(answer for answer in answers if isinstance(answer, str))

    async def _log(self, pod: TraefikPod, asked: LogAsked) -> LogSummary | str:
        splitter, summing = LineSplitter(), Summing()

        def take(chunk: bytes) -> None:
            for line in splitter.feed(chunk):
                summing.add(line)

        try:
            end = await self.source.log(pod, asked, take)
        except ClusterError as error:
            return f"The log of {pod.name}: {error}"
        for line in splitter.end():
            summing.add(line)
        return summing.summary(*([end.cut] if end.cut else []))


def _of_logs(summaries: dict[str, LogSummary], unseen: tuple[str, ...]) -> _Believed:
    beliefs = {
        name: routers
        for name, log_summary in summaries.items()
        if (routers := believing.by_log(log_summary))
    }
    if beliefs:
        return _Believed(LOG, beliefs, unseen)
    quiet = f"Traefik's log names no server. {HOW_TO_LOG}" if summaries else ""
    return _Believed("", {}, (*unseen, *([quiet] if quiet else [])))


def reading(pods: tuple[TraefikPod, ...]) -> Reading:
    """By the first replica; they are of one Deployment as a rule."""
    return Reading(version(pods[0]), static(pods[0].args)) if pods else Reading()


def since_of(text: str) -> timedelta:
    """A time such as `15m`, `2h`, `1d` or `90s`.

    Raises:
        InputError: It is none.
    """
    found = SPAN.fullmatch(text.strip().lower())
    if found is None:
        msg = f"{text!r} is no time: write 90s, 15m, 2h or 1d."
        raise InputError(msg)
    return timedelta(seconds=int(found[1]) * UNITS[found[2]])


def _seconds(since: timedelta) -> int:
    if not timedelta(0) < since <= LONGEST:
        msg = f"A time between 1 second and {LONGEST.days} days is needed, not {since}."
        raise InputError(msg)
    return max(1, int(since.total_seconds()))


def _meant(asked: str, found: tuple[ServedRoute | RouteView, ...], unseen: tuple[str, ...]) -> str:
    """The label of the one route that is meant by its label, its name, or a piece of its rule."""
    wanted = asked.strip().casefold()
    exact = {
        route.label
        for route in found
        if wanted
        in (
            route.label,
            f"{route.ref.namespace}/{route.ref.name}".casefold(),
            route.ref.name.casefold(),
        )
    }
    near = exact or {
        route.label
        for route in found
        if any(wanted in rule.match.casefold() for rule in route.rules)
    }
    if len(near) == 1 and wanted:
        return near.pop()
    if not near or not wanted:
        also = " Not everything could be seen, so it may be there still." if unseen else ""
        msg = f"No route is called {asked!r}.{also} `traefik routes` names them."
        raise InputError(msg)
    names = ", ".join(sorted(near)[:5])
    msg = f"{asked!r} stands for {len(near)} routes: {names}."
    raise InputError(msg)
