"""`/help` shows what a person can ask, and nothing that they may not."""

import re

import pytest

from bot.domain.authorization import Role
from commands.help_page import EXAMPLES, page
from commands.registry import COGS
from tests.commands.conftest import Room, said, texts


def commands() -> dict[str, tuple[Role, frozenset[str], frozenset[str]]]:
    """Each command with its role, its options, and those that are required."""
    known = {}
    for cog in COGS:
        for top in cog.__cog_app_commands__:
            for command in getattr(top, "walk_commands", lambda top=top: [top])():
                options = command.parameters
                known[f"/{command.qualified_name}"] = (
                    Role(command.extras.get("role", Role.VIEWER)),
                    frozenset(option.display_name for option in options),
                    frozenset(option.display_name for option in options if option.required),
                )
    return known


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.command)
def test_each_example_is_a_command_that_its_role_may_use(example) -> None:
    """With options that exist; where any is given, none is missing that Discord requires."""
    words = example.command.split()
    name = " ".join(word for word in words if ":" not in word)
    given = {word.partition(":")[0] for word in words if ":" in word}
    role, options, required = commands()[name]
    assert role <= example.role
    assert given <= options
    assert not given or required <= given


@pytest.mark.parametrize("role", list(Role))
def test_nothing_is_shown_that_the_role_may_not_do(role: Role) -> None:
    shown = texts(page(role).view.to_components())
    spans = re.findall(r"`(/\S[^`]*)`", shown)
    assert len(spans) == sum(example.role <= role for example in EXAMPLES)
    for span in spans:
        name = " ".join(word for word in span.split() if ":" not in word)
        assert commands()[name][0] <= role


async def test_everybody_sees_their_own_page(room: Room) -> None:
    """A viewer, an operator and an approver; a stranger is refused."""
    shown = {
        person.name: said(await person.slash(room.channel, "help"))
        for person in (room.viewer, room.operator, room.approver)
    }
    assert "*viewer*" in shown["vera"]
    assert "/net" not in shown["vera"]
    assert "*operator*" in shown["olga"]
    assert "/net diagnose" in shown["olga"]
    assert "/fix rollback" not in shown["olga"]
    assert "/fix rollback" in shown["anna"]
    assert "What you can ask" not in said(await room.stranger.slash(room.channel, "help"))


async def test_the_page_is_one_phone_screen(room: Room) -> None:
    """Each line fits a phone's width, and there are few."""
    lines = said(await room.approver.slash(room.channel, "help")).splitlines()
    assert len(lines) <= 17
    assert all(len(line.replace("`", "")) <= 36 for line in lines if not line.startswith("-#"))
