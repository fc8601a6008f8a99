"""`/net tool`, as people use it in Discord, over a runner that says what it is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from bot.domain import principal
from bot.errors import ClusterError
from bot.net.probing.protocol import Progress
from bot.net.tools.command import ToolRun
from bot.net.tools.options import Tool
from tests.builders import an_object
from tests.commands.conftest import Room, said
from tests.render.strategies import HOSTILE

WEB = {"clusterIP": "10.43.0.7", "ports": [{"name": "http", "port": 80}]}


@dataclass
class FakeRunner:
    """Runs nothing; `fails` is raised where it is asked."""

    output: str = "10.43.0.7\n"
    code: int = 0
    fails: ClusterError | None = None
    asked: list[tuple[str, ...]] = field(default_factory=list)

    async def run(
        self, node: str, argv: Sequence[str], progress: Progress, *, raw: bool = False
    ) -> ToolRun:
        """As it was told."""
        await principal.authorize()
        self.asked.append((node, *argv))
        progress("Starting a pod.")
        if self.fails:
            raise self.fails
        return ToolRun(node=node, argv=tuple(argv), output=self.output, exit_code=self.code)


@pytest.fixture
async def runner(room: Room) -> FakeRunner:
    """A cluster of one node and one Service, and a runner in it."""
    edge = an_object("Node", "edge", namespace="")
    room.cluster.set([edge, an_object("Service", "web", spec=WEB)])
    room.cluster.tools = FakeRunner()
    await room.restart()
    return room.cluster.tools


async def tool(room: Room, name: str, target: str, **more: str) -> str:
    options = {"tool": name, "node": "edge", "target": target, **more}
    return said(await room.operator.slash(room.channel, "net tool", **options))


async def test_an_operator_runs_a_tool_and_reads_what_it_says(
    room: Room, runner: FakeRunner
) -> None:
    answer = await tool(room, "dig", "apps/web", options="+short")
    assert "## dig on `edge`" in answer
    assert "exit code 0" in answer
    assert "10.43.0.7" in answer
    assert runner.asked[0][:2] == ("edge", "dig")
    assert runner.asked[0][-1] == "web.apps.svc.cluster.local"


@pytest.mark.parametrize(
    ("name", "target", "options", "why"),
    [
        ("curl", "https://example.org", "", "example.org"),
        ("ping", "apps/web", "-f", "may be given"),
        ("curl", "apps/web", "-o /etc/passwd", "may be given"),
        ("dig", "a b", "", "not"),
        ("ping", "apps/web; reboot", "", "reboot"),
        ("ping", "-f", "", "target"),
    ],
)
async def test_what_is_not_allowed_is_refused_before_anything_is_made(
    room: Room, runner: FakeRunner, *, name: str, target: str, options: str, why: str
) -> None:
    answer = await tool(room, name, target, options=options)
    assert why in answer.replace("\u200b", "")
    assert not runner.asked


async def test_long_output_comes_as_a_file_too(room: Room, runner: FakeRunner) -> None:
    runner.output = "".join(f"line {number}\n" for number in range(2000))
    answer = await tool(room, "curl", "apps/web")
    assert "output.txt" in answer
    assert len(answer) < 4100


@pytest.mark.parametrize("text", HOSTILE)
async def test_whatever_a_tool_says_mentions_nobody(
    room: Room, runner: FakeRunner, text: str
) -> None:
    runner.output, runner.code = f"{text}\n{text}", 1
    answer = await tool(room, "tracepath", "apps/web")
    before, *rest = answer.split("```")
    assert len(rest) in (0, 2)
    outside = before + "".join(rest[1:])
    assert "@everyone" not in outside
    assert "<@1" not in outside
    assert "exit code 1" in answer


async def test_why_it_cannot_be_run_is_told(room: Room, runner: FakeRunner) -> None:
    runner.fails = ClusterError("It needs raw sockets, which Pod Security forbids.")
    assert "raw sockets" in await tool(room, "ping", "apps/web")
    room.cluster.tools = None
    await room.restart()
    assert "deploy/components/prober" in await tool(room, "dig", "apps/web")


async def test_only_operators_run_tools_and_are_given_suggestions(
    room: Room, runner: FakeRunner
) -> None:
    asked = {"tool": "dig", "node": "edge", "target": "apps/web"}
    refused = await room.viewer.slash(room.channel, "net tool", **asked)
    assert "operator role" in said(refused)
    assert not runner.asked
    nodes = await room.operator.autocomplete(room.channel, "net tool", "node", "ed", tool="dig")
    assert [each["value"] for each in nodes] == ["edge"]
    targets = await room.operator.autocomplete(room.channel, "net tool", "target", "", tool="dig")
    assert [each["value"] for each in targets] == ["edge", "apps/web"]


async def test_every_tool_can_be_chosen(room: Room, runner: FakeRunner) -> None:
    for each in Tool:
        assert f"## {each} on" in await tool(room, each, "apps/web")
