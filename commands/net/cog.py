"""`/net`: where a route breaks, what gets from node to node, one request, and tools."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from discord import Interaction, app_commands

from bot.charts.process import Draw
from bot.chat.client import OPERATORS
from bot.chat.controls import CogWithControls, Control
from bot.chat.replies import acknowledge, answer
from bot.errors import InputError
from bot.net.diagnosis.all_routes import ALL, namespace_of
from bot.net.diagnosis.service import Diagnose
from bot.net.mesh.service import Mesh
from bot.net.request.service import Reach
from bot.net.tools.options import Tool
from bot.net.tools.service import Netshoot
from bot.net.views import chart as heat_map
from bot.net.views import discord as net_cards
from bot.render import cards as render
from bot.render import text as words
from commands.autocomplete import Choices, matching, short, suggestions
from commands.net import retest
from commands.progress import Progress

BETWEEN = " "
"""Between origin and destination in a button's id; neither contains it."""

PARTS = 3
"""Tool, node and target, which contain no space; options follow."""


class NetCog(CogWithControls):
    """`/net`: its commands make pods, so they are for operators.

    The button under an answer names the test by its subcommand, and its arguments in one line.
    """

    net = app_commands.Group(name="net", description="Test the network between the nodes.")

    def __init__(
        self,
        diagnose: Diagnose,
        mesh: Mesh,
        reach: Reach,
        netshoot: Netshoot,
        *,
        draw: Draw,
        prepare: Callable[[], Awaitable[None]],
    ) -> None:
        self._diagnose = diagnose
        self._mesh = mesh
        self._reach = reach
        self._netshoot = netshoot
        self._draw = draw
        self._prepare = prepare
        self.controls = {retest.RetestButton: self._retest}

    @net.command(extras=OPERATORS)
    async def diagnose(self, interaction: Interaction, route: str, private: bool = False) -> None:
        """Find out why a route fails, and whether nativeLB would fix it.

        Args:
            route: A route, its host, or a Service; all for every route, or all and a namespace.
            private: Only you see the answer.
        """
        await self._run_diagnosis(interaction, route, private)

    @diagnose.autocomplete("route")
    async def _suggest_route(self, _interaction: Interaction, typed: str) -> Choices:
        every = [ALL] if ALL.startswith(typed.strip().casefold()) else []
        names = await self._diagnose.suggestions(typed, render.CHOICES - len(every))
        return [
            app_commands.Choice(name=words.line(name, render.LABEL), value=short(name))
            for name in (*every, *names)
        ]

    async def _run_diagnosis(self, interaction: Interaction, route: str, private: bool) -> None:
        await acknowledge(interaction, private=private)
        if (namespace := namespace_of(route)) is not None:
            await self._run_all(interaction, namespace, private)
            return
        async with Progress(interaction, route) as progress:
            diagnosed = await self._diagnose.diagnose(route, progress.note, private=private)
        diagnosis = diagnosed.diagnosis
        rows = retest.rows("diagnose", short(diagnosis.subject))
        await answer(interaction, net_cards.diagnosis(diagnosis, rows))

    async def _run_all(self, interaction: Interaction, namespace: str, private: bool) -> None:
        asked = f"{ALL} {namespace}".strip()
        async with Progress(interaction, asked) as progress:
            found = await self._diagnose.diagnose_all(namespace, progress.note, private=private)
        await answer(interaction, net_cards.diagnoses(found, retest.rows("diagnose", asked)))

    @net.command(extras=OPERATORS)
    async def matrix(self, interaction: Interaction, node: str = "", private: bool = False) -> None:
        """Test what gets from node to node: pod IP, VIP, large payloads, UDP, DNS.

        Args:
            node: Only to and from this node.
            private: Only you see the answer.
        """
        await self._run_matrix(interaction, node, private)

    @matrix.autocomplete("node")
    async def _suggest_matrix_node(self, _interaction: Interaction, typed: str) -> Choices:
        return matching(await self._mesh.nodes(), typed)

    async def _run_matrix(self, interaction: Interaction, node: str, private: bool) -> None:
        await acknowledge(interaction, private=private)
        async with Progress(interaction, node or "every node") as progress:
            await self._prepare()  # the library is loaded while the nodes are tested
            measured = await self._mesh.measure(progress.note, node)
            progress.note("Drawing.")
            picture = await self._draw(heat_map.heat_map(measured))
        rows = retest.rows("matrix", node)
        await answer(interaction, net_cards.matrix(measured, picture, rows))

    @net.command(extras=OPERATORS)
    @app_commands.rename(begin="from", end="to")
    async def test(
        self, interaction: Interaction, begin: str, end: str, private: bool = False
    ) -> None:
        """Send one request, and show each step: DNS, connection, TLS, HTTP.

        Args:
            begin: A node or a pod.
            end: A URL, service.namespace[:port], or an address with its port.
            private: Only you see the answer.
        """
        await self._run_request(interaction, f"{begin.strip()}{BETWEEN}{end.strip()}", private)

    @test.autocomplete("begin")
    async def _suggest_origin(self, _interaction: Interaction, typed: str) -> Choices:
        return suggestions(await self._reach.origins(typed, render.CHOICES))

    @test.autocomplete("end")
    async def _suggest_destination(self, _interaction: Interaction, typed: str) -> Choices:
        return suggestions(await self._reach.destinations(typed, render.CHOICES))

    async def _run_request(self, interaction: Interaction, ends: str, private: bool) -> None:
        await acknowledge(interaction, private=private)
        begin, _, end = ends.partition(BETWEEN)
        async with Progress(interaction, ends) as progress:
            result = await self._reach.test(begin, end, progress.note)
        await answer(interaction, net_cards.request(result, retest.rows("test", ends)))

    @net.command(extras=OPERATORS)
    @app_commands.choices(tool=suggestions(Tool))
    async def tool(
        self,
        interaction: Interaction,
        tool: str,
        node: str,
        target: str,
        options: str = "",
        private: bool = False,
    ) -> None:
        """Run dig, curl, ping, tracepath or mtr on a node, in a short-lived pod.

        Args:
            tool: What to run.
            node: Where to run it.
            target: A node, namespace/name, a host name or an address. A URL for curl.
            options: For example -c 5. An unknown option shows the list.
            private: Only you see the answer.
        """
        line = " ".join([tool, node.strip(), target.strip(), *options.split()])
        await self._run_tool(interaction, line, private)

    @tool.autocomplete("node")
    async def _suggest_tool_node(self, _interaction: Interaction, typed: str) -> Choices:
        return suggestions(await self._netshoot.nodes(typed, render.CHOICES))

    @tool.autocomplete("target")
    async def _suggest_tool_target(self, _interaction: Interaction, typed: str) -> Choices:
        return suggestions(await self._netshoot.targets(typed, render.CHOICES))

    async def _run_tool(self, interaction: Interaction, line: str, private: bool) -> None:
        await acknowledge(interaction, private=private)
        tool, node, target, options = _parse(line)
        async with Progress(interaction, line) as progress:
            run = await self._netshoot.run(tool, node, target, options, progress.note)
        await answer(interaction, net_cards.tool(run, retest.rows("tool", line)))

    async def _retest(self, interaction: Interaction, control: Control) -> None:
        tests: dict[str, Callable[[Interaction, str, bool], Awaitable[None]]] = {
            "diagnose": self._run_diagnosis,
            "matrix": self._run_matrix,
            "test": self._run_request,
            "tool": self._run_tool,
        }
        if control["name"] not in tests:
            raise InputError("This test is no longer known. Please run it again.")
        private = bool(interaction.message and interaction.message.flags.ephemeral)
        await tests[control["name"]](interaction, control["asked"], private)


def _parse(line: str) -> tuple[Tool, str, str, str]:
    """Split a line into tool, node, target and options.

    Raises:
        InputError: One of them is missing, or the tool is not known.
    """
    parts = line.split(" ", PARTS)
    if len(parts) < PARTS or parts[0] not in list(Tool) or "" in parts[1:PARTS]:
        raise InputError(f"Name a tool ({', '.join(Tool)}), a node, and a target without spaces.")
    return Tool(parts[0]), parts[1], parts[2], parts[3] if len(parts) > PARTS else ""
