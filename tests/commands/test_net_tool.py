"""`/net tool`, as people use it in Discord, over a runner that says what it is told."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.core.network.probing import Progress
from bot.core.network.tools.ran import Ran
from bot.errors import ClusterError
from bot.render import discord_tool
from bot.sandbox.scenarios.homelab import healthy
from tests.commands.conftest import Room, said
from tests.render.strategies import HOSTILE


@dataclass
class FakeRunner:
    """Says `output`, or fails; remembers what was run."""

    output: str = "PING 100.64.0.11\n"
    fails: ClusterError | None = None
    ran: list[tuple[str, tuple[str, ...], bool]] = field(default_factory=list)

    async def run(
        self, node: str, argv: Sequence[str], progress: Progress, *, raw: bool = False
    ) -> Ran:
        self.ran.append((node, tuple(argv), raw))
        progress("Starting.")
        if self.fails:
            raise self.fails
        return Ran(node=node, argv=tuple(argv), output=self.output, exit_code=0)


@pytest.fixture
async def tools(room: Room) -> FakeRunner:
    lab = healthy(datetime.now(UTC))
    room.cluster.set(each for each in lab.objects if each["kind"] in ("Node", "Pod", "Service"))
    room.cluster.tools = FakeRunner()
    await room.restart()
    return room.cluster.tools


async def use(room: Room, **options: Any) -> str:
    given = {"tool": "ping", "node": "edge", "target": "home-1", **options}
    return said(await room.operator.slash(room.channel, "net tool", **given))


async def test_an_operator_sees_how_it_ended_what_was_run_and_what_it_said(
    room: Room, tools: FakeRunner
) -> None:
    answer = await use(room, options="-c 2")
    assert "ping on `edge`" in answer
    assert "Exit code 0." in answer
    assert "PING 100.64.0.11" in answer
    ((node, argv, raw),) = tools.ran
    assert (node, argv[0], argv[-2], raw) == ("edge", "ping", "--", True)
    assert ("-c", "2") in itertools.pairwise(argv)


async def test_what_is_not_allowed_is_told_and_nothing_is_run(
    room: Room, tools: FakeRunner
) -> None:
    assert "not of this cluster" in await use(room, target="example.org")
    assert "-f" in await use(room, options="-f")
    assert "no node" in await use(room, node="mars")
    assert tools.ran == []


async def test_a_failure_is_told_with_how_to_allow_it(room: Room, tools: FakeRunner) -> None:
    tools.fails = ClusterError("May not create jobs. Add deploy/components/prober.")
    assert "deploy/components/prober" in await use(room)


async def test_without_a_runner_it_says_what_to_install(room: Room, tools: FakeRunner) -> None:
    room.cluster.tools = None
    await room.restart()
    assert "deploy/components/prober" in await use(room)


@pytest.mark.parametrize("output", HOSTILE)
async def test_hostile_output_stays_in_its_fence(
    room: Room, tools: FakeRunner, output: str
) -> None:
    tools.output = output
    answer = await use(room)
    assert "Exit code 0." in answer
    outside = "".join(answer.split("```")[::2])
    assert answer.count("```") in (0, 2)
    assert "@everyone" not in outside


@pytest.mark.parametrize("typed", HOSTILE)
async def test_whatever_is_typed_gets_an_answer_and_runs_nothing(
    room: Room, tools: FakeRunner, typed: str
) -> None:
    answer = await use(room, target=typed or "?", options=typed)
    assert answer
    assert "<@123456789012345678>" not in answer
    assert tools.ran == []


async def test_only_operators_may_and_are_given_suggestions(room: Room, tools: FakeRunner) -> None:
    for person in (room.viewer, room.stranger):
        refused = await person.slash(
            room.channel, "net tool", tool="dig", node="edge", target="home-1"
        )
        assert refused.ephemeral
    assert tools.ran == []
    for option, typed, wanted in (
        ("node", "ed", "edge"),
        ("target", "nextcl", "productivity/nextcloud"),
    ):
        found = await room.operator.autocomplete(room.channel, "net tool", option, typed)
        assert wanted in [each["value"] for each in found]


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        ({"exit_code": 7}, "Exit code 7."),
        ({"cut": True}, "it said too much"),
        ({"late": True}, "it took too long"),
        ({}, "nobody says how"),
    ],
)
def test_each_end_has_its_words(ended: dict[str, Any], words: str) -> None:
    made = discord_tool.tool(Ran(node="edge", argv=("dig",), output="x", **ended))
    assert words in str(made.view.to_components())
    assert made.files[0].content == b"x\n"


def test_a_tool_that_says_nothing_has_no_file() -> None:
    made = discord_tool.tool(Ran(node="edge", argv=("dig",), output="\n", exit_code=0))
    assert "It said nothing." in str(made.view.to_components())
    assert made.files == ()


def test_a_secret_in_an_output_is_shown_nowhere() -> None:
    token = "ghp_" + "A1b2" * 9
    made = discord_tool.tool(Ran(node="edge", argv=("curl",), output=f"t: {token}\n", exit_code=0))
    assert token not in str(made.view.to_components())
    assert token.encode() not in made.files[0].content
