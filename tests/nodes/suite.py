"""The suite on the LAN beside the nodes: `python -m tests.nodes.suite`, started by tests.nodes."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from tests.nodes import (
    alerting,
    commands_once,
    flux,
    kubectl,
    modes,
    power_cut,
    repairing,
    theirs,
    upgrading,
    workloads,
    wrong_installs,
    wrong_starts,
)
from tests.nodes.before import prepared
from tests.nodes.bot import Bot, local_discord
from tests.nodes.cluster import RealNodes
from tests.nodes.commands import CommandFailed
from tests.nodes.editing import Choices
from tests.nodes.faults import FAULTS, SHORT, Fault
from tests.nodes.faults.confusion import Confusion
from tests.nodes.faults.playing import Player
from tests.nodes.images import TOOLS
from tests.nodes.installing import choices_for, install, uninstall
from tests.nodes.measuring import anonymous_memory, present, requests_a_minute
from tests.nodes.place import LAN_ADDRESS
from tests.nodes.processes import DidNotStart
from tests.nodes.sites import playing
from tests.nodes.table import Figure, Table, summary

COMPONENTS = ("ha", "remediation", "prober", "prober-daemonset", "exec", "traefik-api")
ROUTE = "apps/web"

HEALTHY_RUNS = 3
HEALTHY_RUNS_OF_ALL = {modes.AGENTS: 20, modes.JOBS: 10, modes.MIXED: 10}

LIMITS = {modes.AGENTS: (4.0, 8.0), modes.JOBS: (25.0, 25.0), modes.MIXED: (25.0, 25.0)}
"""Seconds of `/net matrix` and of `/net diagnose`, once the image is on the nodes."""

DEAD_KUBELET = 25.0
"""Seconds that a dead kubelet may add, while its node is still called Ready."""

HEALTHY = "All nodes reach each other"
WORKS = r"The route works(?s:.*)\*\*Proven:"

AGENT_MEMORY = 25.0
BOT_MEMORY = 150.0
REQUESTS = 60.0


@dataclass
class Suite:
    """What all parts need."""

    cluster: RealNodes
    bot: Bot
    whole: bool
    tables: list[Table] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    slowest: dict[str, float] = field(default_factory=dict)
    """Seconds of the slowest healthy `/net matrix` by a mode."""
    confusion: Confusion = field(default_factory=Confusion)

    @property
    def choices(self) -> Choices:
        """What is chosen in deploy/home."""
        if kubectl.theirs():
            return replace(choices_for(self.bot, *COMPONENTS), image=theirs.image())
        return choices_for(self.bot, *COMPONENTS, MESHMEDIC_TOOL_IMAGE=TOOLS)

    def table(self, name: str) -> Table:
        """A new table, counted at the end."""
        made = Table(name)
        self.tables.append(made)
        return made

    def leaves_out(self, name: str) -> bool:
        """Whether something needs our own nodes, and these are somebody else's; then say so."""
        why = theirs.LEFT_OUT.get(name) if kubectl.theirs() else None
        if why:
            self.table(f"{name} is left out: {why}")
        return bool(why)

    def measured(self, figure: Figure) -> None:
        """Keep a figure for the last table, and tell it at once."""
        self.figures.append(figure)
        sys.stdout.write(f"        {figure}\n")

    async def install(self) -> None:
        """By the README, until the first answer to /health."""
        began = time.monotonic()
        took = await asyncio.to_thread(install, self.bot, self.choices)
        await self.bot.connected(1)
        table = self.table("Install, by the README's commands")
        told = await self.bot.ask("health", "all")
        table.row("rollout status", "done", seconds=took, want="done")
        until_health = time.monotonic() - began
        self.measured(Figure("install to the first /health", until_health, "s"))
        table.row("first /health all", told.text, seconds=until_health, want="healthy|problem")

    async def healthy(self, mode: str, runs: int) -> None:
        """The same healthy answer, every time and in time."""
        table = self.table(f"A healthy cluster by {mode}")
        await asyncio.to_thread(modes.switch_to, mode)
        await asyncio.sleep(0 if mode == modes.JOBS else 3)
        took: tuple[list[float], list[float]] = ([], [])
        for number in range(1, runs + 1):
            matrix = await self.bot.ask("net", "matrix")
            diagnosis = await self.bot.ask("net", "diagnose", route=ROUTE)
            for told, want, seconds in zip(
                (matrix, diagnosis), (HEALTHY, WORKS), took, strict=True
            ):
                seconds.append(told.seconds)
                table.row(f"run {number}", told.text, seconds=told.seconds, want=want)
        for what, seconds, limit in zip(("matrix", "diagnose"), took, LIMITS[mode], strict=True):
            name = f"/net {what} by {mode}, the slowest of {runs}"
            self.measured(Figure(name, max(seconds), "s", limit))
        self.slowest[mode] = max(took[0])

    async def dead_kubelet(self, mode: str) -> None:
        """One wait more, while the API still calls the node Ready."""
        table = self.table(f"A kubelet that died just now, by {mode}")
        node = self.cluster.nodes["n3"]
        await asyncio.to_thread(node.stop, "kubelet")
        try:
            told = await self.bot.ask("net", "matrix")
            want = "(?s)Not all nodes could be tested.*n3"
            table.row("matrix", told.text, seconds=told.seconds, want=want)
        finally:
            await asyncio.to_thread(self.cluster.start)
        longer = told.seconds - self.slowest[mode]
        name = f"/net matrix by {mode} with a dead kubelet, longer than the slowest healthy one by"
        self.measured(Figure(name, longer, "s", DEAD_KUBELET))

    async def faults(self, mode: str, chosen: Iterable[Fault]) -> None:
        """Each fault by its name, and healthy again after it is mended."""
        table = self.table(f"Faults by {mode}")
        await asyncio.to_thread(modes.switch_to, mode)
        player = Player(self.cluster, self.bot, table, mode, self.confusion)
        await player.play(chosen)

    async def memory(self) -> None:
        """Anonymous memory of every pod of ours."""
        table = self.table("Anonymous memory")
        for namespace, selector, limit in (
            ("meshmedic", "app.kubernetes.io/name=meshmedic", BOT_MEMORY),
            ("meshmedic-probe", "app.kubernetes.io/name=meshmedic-probe", AGENT_MEMORY),
        ):
            pods = await asyncio.to_thread(present, namespace, selector)
            used = await asyncio.to_thread(anonymous_memory, self.cluster, pods)
            table.row(
                "measured", f"{len(used)} of {len(pods)}", seconds=0, want=r"^([1-9]\d*) of \1$"
            )
            for name, mib in used.items():
                self.measured(Figure(f"memory of {name}", mib, "MiB", limit))

    async def requests(self) -> None:
        """How much the API server is asked while nobody asks the bot."""
        minutes = 5.0 if self.whole else 2.0
        count = await asyncio.to_thread(requests_a_minute, minutes)
        name = f"requests of the bot's account at rest, over {minutes:.0f} min"
        self.measured(Figure(name, count, "a minute", REQUESTS))

    async def uninstall(self) -> None:
        """Nothing stays of what was installed."""
        table = self.table("Uninstall")
        began = time.monotonic()
        left = await asyncio.to_thread(uninstall)
        took = time.monotonic() - began
        table.row("left in the cluster", left or "nothing", seconds=took, want="^nothing$")


async def _healthy(suite: Suite) -> None:
    for mode in (modes.JOBS, modes.MIXED, modes.AGENTS):
        await suite.healthy(mode, HEALTHY_RUNS_OF_ALL[mode] if suite.whole else HEALTHY_RUNS)
        if mode == modes.JOBS and not suite.leaves_out("dead-kubelet"):
            await suite.dead_kubelet(mode)


async def _faults(suite: Suite) -> None:
    await suite.faults(
        modes.AGENTS, [fault for fault in FAULTS if suite.whole or fault.name in SHORT]
    )
    if suite.whole:
        await suite.faults(modes.JOBS, FAULTS)
        await suite.faults(modes.MIXED, FAULTS)
    sys.stdout.write("".join(f"{line}\n" for line in ("", *suite.confusion.lines())))


async def _commands(suite: Suite) -> None:
    await commands_once.run(suite.table("Every command once"), suite.bot)


async def _repair(suite: Suite) -> None:
    await repairing.run(suite.table("A repair and its proof"), suite.cluster, suite.bot)


async def _wrong_installs(suite: Suite) -> None:
    await asyncio.to_thread(modes.switch_to, modes.AGENTS)
    table = suite.table("Wrong installs, told by /doctor")
    await wrong_installs.run(table, suite.cluster, suite.bot)


async def _sites(suite: Suite) -> None:
    await asyncio.to_thread(modes.switch_to, modes.AGENTS)
    table = suite.table("Which sites answer, by route checks")
    await playing.run(table, suite.cluster, suite.bot, suite.choices, whole=suite.whole)


async def _alerts(suite: Suite) -> None:
    await alerting.run(suite.table("An alert and its end"), suite.bot)


async def _power_cut(suite: Suite) -> None:
    took = await power_cut.run(suite.table("A power cut"), suite.cluster, suite.bot)
    suite.measured(Figure("takeover after a power cut", took, "s", power_cut.TAKEOVER))


async def _workloads(suite: Suite) -> None:
    await asyncio.to_thread(workloads.run, suite.table("Faults in plain workloads"))


async def _wrong_starts(suite: Suite) -> None:
    await wrong_starts.run(suite.table("Starts that cannot work"), suite.bot)


async def _flux(suite: Suite) -> None:
    if suite.whole:
        table = suite.table("Flux keeps the route")
        await flux.run(table, suite.cluster, suite.bot, suite.choices)


async def _upgrade(suite: Suite) -> None:
    if suite.whole:
        table = suite.table("From the commit before, and back")
        await upgrading.run(table, suite.cluster, suite.bot, suite.choices, prepared())


PARTS = {
    "commands": _commands,
    "repair": _repair,
    "sites": _sites,
    "alerts": _alerts,
    "memory": Suite.memory,
    "requests": Suite.requests,
    "wrong-installs": _wrong_installs,
    "power-cut": _power_cut,
    "healthy": _healthy,
    "faults": _faults,
    "workloads": _workloads,
    "wrong-starts": _wrong_starts,
    "flux": _flux,
    "upgrade": _upgrade,
    "uninstall": Suite.uninstall,
}
"""In this order: after the power cut all must be healthy again."""

ONLY_IN_THE_WHOLE = frozenset({"alerts", "workloads", "wrong-installs", "wrong-starts"})
"""The parts that the short form leaves out, unless they are named."""


BROKEN = (AssertionError, TimeoutError, LookupError, CommandFailed, DidNotStart)


async def run(*, whole: bool, only: Sequence[str]) -> int:
    """Run the parts in their order; 0 where all is right."""
    address = theirs.address() if kubectl.theirs() else LAN_ADDRESS
    async with local_discord(address) as bot:
        suite = Suite(RealNodes(), bot, whole)
        await suite.install()
        for name, part in PARTS.items():
            if name not in only:
                continue
            if not suite.leaves_out(name):
                await _try(suite, name, part)
        table = suite.table("What Discord would have refused")
        problems = bot.discord.problems()
        table.row("requests", "\n".join(problems) or "none", seconds=0, want="^none$")
    load = f"a load of {os.getloadavg()[2]:.1f} on {os.cpu_count()} cores"
    table = suite.table(f"Figures, by {load} over the last 15 min")
    for figure in suite.figures:
        table.figure(figure)
    return summary(suite.tables)


async def _try(suite: Suite, name: str, part: Callable[[Suite], Awaitable[None]]) -> None:
    """A part that breaks off is wrong, and the others still show what they can."""
    try:
        await part(suite)
    except BROKEN as error:
        suite.table(f"{name} broke off").broken(name, error)


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make test-nodes")
    parser.add_argument("--all", action="store_true", help="the whole: hours, before a release")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, metavar="PART", help=f"of {', '.join(PARTS)}"
    )
    arguments = parser.parse_args()
    left_out = () if arguments.all else ONLY_IN_THE_WHOLE
    only = arguments.only or [name for name in PARTS if name not in left_out]
    return asyncio.run(run(whole=arguments.all, only=only))


if __name__ == "__main__":
    sys.exit(main())
