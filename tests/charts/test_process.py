"""Pictures are drawn by a process of its own; where that fails, there is a reason."""

import os
import struct
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.charts.process import DRAWS, Artist
from bot.charts.spec import HeatMap, Key, Sign, Tile, Undrawn

PNG = b"\x89PNG\r\n\x1a\n"


def a_map(*names: str) -> HeatMap:
    """One with every sign, and names that would be markup elsewhere."""
    signs = [Tile(each, 12.0, "Lu") for each in Sign]
    rows = tuple(tuple(signs[(r + c) % len(signs)] for c in range(len(names))) for r in names and
                 range(len(names)))  # fmt: skip
    return HeatMap(title="T", names=names, rows=rows, key=(Key(signs[0], "means"),))


def artist(command: tuple[str, ...] = DRAWS.command, seconds: float = 120) -> Artist:
    return Artist(program=replace(DRAWS, command=command, seconds=seconds))


def python(program: str, *arguments: str) -> tuple[str, ...]:
    return sys.executable, "-c", program, *arguments


async def test_a_picture_is_a_png_whatever_the_names_hold() -> None:
    """`$` begins a formula in the library, and a broken formula is an error there."""
    hostile = ("$\\frac{", "pi-1", "", "\x00\x1b[31m", "名前", "a" * 300, "$$")
    made = await artist().draw(a_map(*hostile))
    assert isinstance(made, bytes)
    assert made.startswith(PNG)
    wide, tall = struct.unpack(">II", made[16:24])
    assert 600 < wide < 3000
    assert 600 < tall < 3000


@pytest.mark.parametrize("count", [0, 1, 60])
async def test_none_one_and_many_nodes_can_be_drawn(count: int) -> None:
    made = await artist().draw(a_map(*(f"n{number}" for number in range(count))))
    assert isinstance(made, bytes)


async def test_whoever_draws_is_given_no_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MESHMEDIC_DISCORD_TOKEN", "secret")
    told = tmp_path / "environment"
    program = "import os, sys; open(sys.argv[1], 'w').write(repr(dict(os.environ))); print('x')"
    assert await artist(python(program, str(told))).draw(a_map("a")) == b"x\n"
    assert "secret" not in told.read_text()
    assert "HOME" in told.read_text()


async def test_a_process_that_fails_says_nothing_or_does_not_exist_gives_a_reason() -> None:
    for command in (python("raise SystemExit(1)"), python(""), ("/nonexistent",)):
        assert isinstance(await artist(command).draw(a_map("a")), Undrawn)


async def test_a_process_that_hangs_is_ended(tmp_path: Path) -> None:
    """It is gone when the answer comes."""
    told = tmp_path / "pid"
    program = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(99)"
    made = await artist(python(program, str(told)), seconds=1).draw(a_map("a"))
    assert isinstance(made, Undrawn)
    assert "within 1 s" in made.why
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)
