"""Pictures are drawn by a process of its own; where that fails, there is a reason."""

import asyncio
import os
import struct
import sys
from pathlib import Path

import pytest

from bot.charts.process import Artist
from bot.charts.spec import HeatMap, Key, Sign, Tile, Undrawn

PNG = b"\x89PNG\r\n\x1a\n"


def a_map(*names: str) -> HeatMap:
    """One with every sign, and names that would be markup elsewhere."""
    signs = [Tile(each, 12.0, "Lu") for each in Sign]
    rows = tuple(tuple(signs[(r + c) % len(signs)] for c in range(len(names))) for r in names and
                 range(len(names)))  # fmt: skip
    return HeatMap(title="T", names=names, rows=rows, key=(Key(signs[0], "means"),))


def python(program: str, *arguments: str) -> tuple[str, ...]:
    return sys.executable, "-c", program, *arguments


async def test_a_picture_is_a_png_whatever_the_names_hold() -> None:
    """`$` begins a formula in the library, and a broken formula is an error there."""
    hostile = ("$\\frac{", "pi-1", "", "\x00\x1b[31m", "名前", "a" * 300, "$$")
    made = await Artist(seconds=120).draw(a_map(*hostile))
    assert isinstance(made, bytes)
    assert made.startswith(PNG)
    wide, tall = struct.unpack(">II", made[16:24])
    assert 600 < wide < 3000
    assert 600 < tall < 3000


@pytest.mark.parametrize("count", [0, 1, 60])
async def test_none_one_and_many_nodes_can_be_drawn(count: int) -> None:
    made = await Artist(seconds=120).draw(a_map(*(f"n{number}" for number in range(count))))
    assert isinstance(made, bytes)


async def test_whoever_draws_is_given_no_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MESHMEDIC_DISCORD_TOKEN", "secret")
    told = tmp_path / "environment"
    program = "import os, sys; open(sys.argv[1], 'w').write(repr(dict(os.environ))); print('x')"
    assert await Artist(python(program, str(told))).draw(a_map("a")) == b"x\n"
    assert "secret" not in told.read_text()
    assert "MPLCONFIGDIR" in told.read_text()


async def test_a_process_that_fails_says_nothing_or_does_not_exist_gives_a_reason() -> None:
    for command in (python("raise SystemExit(1)"), python(""), ("/nonexistent",)):
        assert isinstance(await Artist(command).draw(a_map("a")), Undrawn)


async def test_a_process_that_hangs_is_ended(tmp_path: Path) -> None:
    """It is gone when the answer comes."""
    told = tmp_path / "pid"
    program = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(99)"
    made = await Artist(python(program, str(told)), seconds=10).draw(a_map("a"))
    assert isinstance(made, Undrawn)
    assert "10 s" in made.why
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


async def test_one_picture_is_drawn_at_a_time(tmp_path: Path) -> None:
    """The second process begins after the first has ended."""
    told = tmp_path / "order"
    program = (
        "import sys, time; out = open(sys.argv[1], 'a', buffering=1); out.write('begin '); "
        "time.sleep(0.3); out.write('end '); print('x')"
    )
    artist = Artist(python(program, str(told)), seconds=60)
    await asyncio.gather(artist.draw(a_map("a")), artist.draw(a_map("b")))
    assert told.read_text() == "begin end begin end "


TELLS = (
    "import os, sys; open(sys.argv[1], 'a').write(f'{os.getpid()} '); sys.stdin.read(); print('x')"
)


async def prepared(artist: Artist, told: Path) -> int:
    """The process that waits, once it does."""
    await artist.prepare()
    async with asyncio.timeout(30):
        while not (told.exists() and told.read_text().endswith(" ")):  # noqa: ASYNC110, ASYNC240
            await asyncio.sleep(0.01)
    return int(told.read_text().split()[-1])  # noqa: ASYNC240


async def test_a_prepared_process_draws_the_next_picture_and_no_other(tmp_path: Path) -> None:
    """However often somebody says that one will be wanted."""
    told = tmp_path / "pids"
    artist = Artist(python(TELLS, str(told)), seconds=60)
    await prepared(artist, told)
    await artist.prepare()
    assert await artist.draw(a_map("a")) == b"x\n"
    assert len(told.read_text().split()) == 1
    assert await artist.draw(a_map("a")) == b"x\n"
    assert len(told.read_text().split()) == 2


async def test_a_prepared_process_that_nobody_wants_or_that_died_is_no_trouble(
    tmp_path: Path,
) -> None:
    """It ends after a while, or with the bot; the next picture has one of its own."""
    told = tmp_path / "pids"
    brief = Artist(python(TELLS, str(told)), seconds=60, waits=0.1)
    await brief.prepare()
    unused = brief._prepared
    assert unused is not None
    async with asyncio.timeout(30):
        await unused.wait()
    assert await brief.draw(a_map("a")) == b"x\n"
    artist = Artist(python(TELLS, str(told)), seconds=60)
    waiting = await prepared(artist, told)
    await artist.close()
    assert not running(waiting)
    await Artist(("/nonexistent",)).prepare()


def running(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
