"""A pack is read within limits, whatever it says of itself."""

import os
import subprocess
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.gitops.pack import DEFAULT, MIB, Pack, PackError
from bot.gitops.refusals import FileReason, Stop
from bot.gitops.repository import _branch
from bot.gitops.tree import Tree
from tests.gitops import packs
from tests.gitops.git_server import ENVIRONMENT, git, repository
from tests.gitops.packs import (
    BLOB,
    COMMIT,
    NAME_DELTA,
    OFFSET_DELTA,
    TREE,
    copy,
    delta,
    pack,
    stored,
)
from tests.pumping import limited

BASE = b"0123456789" * 10


def too_large(made: bytes) -> str:
    """Why it is not read; the memory for that is not the pack's to choose."""
    tracemalloc.start()
    try:
        with limited(10), pytest.raises(Stop) as caught:
            Pack(made)
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()
    assert caught.value.reason is FileReason.TOO_LARGE
    return caught.value.detail


def zeros(size: int) -> bytes:
    return stored(BLOB, b"\0" * MIB, size)


def a_chain(length: int) -> bytes:
    """Deltas on each other, each of the one before."""
    same = delta(len(BASE), len(BASE), copy(0, len(BASE)))
    objects = [stored(BLOB, BASE)]
    for _ in range(length):
        objects.append(stored(OFFSET_DELTA, same, base=packs.back(len(objects[-1]))))
    return pack(*objects)


LARGE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a blob that says 400 MiB": (lambda: pack(zeros(400 * MIB)), "an object of 400 MiB"),
    "a folder that says 2 GiB": (lambda: pack(stored(TREE, b"", 2**31)), "an object of 2,048 MiB"),
    "a commit that says 2 MiB": (lambda: pack(stored(COMMIT, b"", 2 * MIB)), "of 2 MiB"),
    "a blob of one byte more": (lambda: pack(zeros(MIB + 1)), "an object of 1 MiB"),
    "a delta that is large itself": (
        lambda: pack(stored(BLOB, BASE), stored(NAME_DELTA, b"", 9 * MIB, b"x" * 20)),
        "an object of 9 MiB",
    ),
    "a delta that makes much": (
        lambda: pack(
            first := stored(BLOB, BASE),
            stored(
                OFFSET_DELTA,
                delta(len(BASE), 300 * MIB, copy(0, len(BASE)) * 1000),
                base=packs.back(len(first)),
            ),
        ),
        "an object of 300 MiB",
    ),
    "objects without number": (lambda: pack(count=2**32 - 1), "4,294,967,295 objects"),
    "deltas on each other": (lambda: a_chain(DEFAULT.depth + 1), "more than 50 deltas"),
}


@pytest.mark.parametrize(("made", "words"), LARGE.values(), ids=LARGE.keys())
def test_what_says_that_it_is_large_is_refused_before_it_is_inflated(
    made: Callable[[], bytes], words: str
) -> None:
    assert words in too_large(made())


def test_many_objects_of_zeros_are_refused_by_what_they_are_together() -> None:
    """A megabyte each, and a kilobyte in the pack."""
    small = replace(DEFAULT, unpacked=3 * MIB)
    with pytest.raises(Stop, match="more than 3 MiB when it is unpacked"):
        Pack(pack(*(stored(BLOB, bytes([n]) * MIB) for n in range(4))), small)
    assert len(pack(*(stored(BLOB, bytes([n]) * MIB) for n in range(3)))) < 20_000


def test_what_deltas_make_counts_as_unpacked() -> None:
    """Eleven bytes each, and a megabyte made of a base of that size."""
    objects = [stored(BLOB, b"0" * MIB)]
    for number in range(4):
        much = delta(MIB, MIB, copy(number + 1, MIB - number - 1), copy(0, number + 1))
        distance = sum(map(len, objects))
        objects.append(stored(OFFSET_DELTA, much, base=packs.back(distance)))
    with pytest.raises(Stop, match="more than 3 MiB when it is unpacked"):
        Pack(pack(*objects), replace(DEFAULT, unpacked=3 * MIB))


def test_deltas_within_the_depth_that_git_makes_are_read() -> None:
    made = Pack(a_chain(DEFAULT.depth))
    assert made[packs.name(b"blob", BASE)] == (b"blob", BASE)


LIES: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "another file": lambda: b"GIF89a" + b"\0" * 60,
    "a wrong checksum": lambda: pack(stored(BLOB, BASE))[:-1] + b"x",
    "fewer objects than it says": lambda: pack(stored(BLOB, BASE), count=2),
    "less than it says": lambda: pack(stored(BLOB, BASE, size=400)),
    "more than it says": lambda: pack(stored(BLOB, BASE, size=4)),
    "much more than it says": lambda: pack(stored(BLOB, b"\0" * 50 * MIB, size=4)),
    "a kind that does not exist": lambda: pack(stored(5, BASE)),
    "a base before the beginning": lambda: pack(stored(OFFSET_DELTA, b"", base=packs.back(9999))),
    "a base in the middle of another": lambda: pack(
        stored(BLOB, BASE), stored(OFFSET_DELTA, delta(100, 100), base=packs.back(3))
    ),
    "a base that is itself": lambda: pack(stored(OFFSET_DELTA, b"", base=packs.back(0))),
    "a base that is not there": lambda: pack(stored(NAME_DELTA, delta(1, 1), base=b"x" * 20)),
    "a size without end": lambda: pack(b"\xbf" + b"\xff" * 400),
    "a distance without end": lambda: pack(b"\x60" + b"\xff" * 400),
    "a delta of another base": lambda: pack(
        first := stored(BLOB, BASE),
        stored(OFFSET_DELTA, delta(7, 7, copy(0, 7)), base=packs.back(len(first))),
    ),
    "a delta that copies from beyond": lambda: pack(
        first := stored(BLOB, BASE),
        stored(OFFSET_DELTA, delta(100, 9, copy(99, 9)), base=packs.back(len(first))),
    ),
    "a delta that makes more than it says": lambda: pack(
        first := stored(BLOB, BASE),
        stored(OFFSET_DELTA, delta(100, 9, copy(0, 100) * 9), base=packs.back(len(first))),
    ),
}


@pytest.mark.parametrize("made", LIES.values(), ids=LIES.keys())
def test_what_is_no_pack_is_an_error(made: Callable[[], bytes]) -> None:
    written = made()
    with limited(10), pytest.raises(PackError):
        Pack(written)


@given(st.binary(max_size=200), st.integers(0, 7), st.integers(0, 300))
def test_any_bytes_are_read_or_refused(content: bytes, kind: int, size: int) -> None:
    """With a right checksum, so that what is in it is looked at."""
    for objects in (content, stored(kind, content, size), packs.head(kind, size) + content):
        with suppress(PackError, Stop):
            Pack(pack(objects))


@pytest.mark.slow
@pytest.mark.parametrize("how", ["--delta-base-offset", "--no-reuse-delta"])
def test_what_git_packs_is_read_byte_for_byte(tmp_path: Path, how: str) -> None:
    """With deltas of both kinds; every object has its own name."""
    made = repository(tmp_path)
    text = "".join(f"line {number}\n" for number in range(400))
    for number in range(12):
        made.commit(
            {"a.yaml": text.replace("line 7", f"line {number}"), f"{number}": os.urandom(9).hex()}
        )
    listed = git(made.bare, "rev-list", "--objects", "--no-object-names", "main").split()
    done = subprocess.run(  # noqa: S603  # our own arguments
        ["git", "-C", str(made.bare), "pack-objects", "--stdout", how],  # noqa: S607
        env=ENVIRONMENT,
        capture_output=True,
        check=True,
        input="\n".join(listed).encode(),
    )
    read = Pack(done.stdout)
    assert read._depths
    for name in listed:
        assert bytes.fromhex(name) in read
    assert len(read._places) == len(listed)


def a_branch(*folders: bytes) -> Tree:
    """A branch whose root is the last folder."""
    commit = packs.commit_of(packs.name(b"tree", folders[-1]))
    whole = Pack(pack(*(stored(TREE, folder) for folder in folders), stored(COMMIT, commit)))
    with limited(10):
        return _branch(whole, packs.name(b"commit", commit).hex().encode()).tree


def test_folders_that_double_are_refused() -> None:
    """Thirty objects of two entries each: a thousand million folders, and not one file."""
    folders = [packs.tree()]
    for _ in range(30):
        below = packs.name(b"tree", folders[-1])
        folders.append(packs.tree(("40000", b"a", below), ("40000", b"b", below)))
    with pytest.raises(Stop, match="more than 50,000 files and folders"):
        a_branch(*folders)


def test_folders_in_each_other_without_end_are_refused() -> None:
    folders = [packs.tree()]
    for _ in range(100):
        folders.append(packs.tree(("40000", b"a", packs.name(b"tree", folders[-1]))))
    with pytest.raises(Stop, match="more than 60 in each other"):
        a_branch(*folders)


def test_paths_that_are_long_together_are_refused() -> None:
    """A name of 100 KiB above a hundred others."""
    files = packs.tree(*(("100644", b"%d" % number, b"x" * 20) for number in range(200)))
    top = packs.tree(("40000", b"a" * 100_000, packs.name(b"tree", files)))
    with pytest.raises(Stop, match="more than 50,000 files"):
        a_branch(files, top)


@pytest.mark.parametrize("name", [b"", b".", b"..", b"a/b", b"/", b"../x"])
def test_a_name_that_is_a_path_is_refused(name: bytes) -> None:
    """Git refuses to make such a folder; what was made otherwise is no folder of ours."""
    with pytest.raises(PackError):
        a_branch(packs.tree(("100644", name, b"x" * 20)))


@pytest.mark.parametrize("other", ["100644", "40000", "120000"])
def test_a_folder_with_two_entries_of_one_name_is_refused(other: str) -> None:
    """Which of them Flux applies, nobody knows; the edit would be of one."""
    empty = packs.tree()
    of = packs.name(b"tree", empty)
    twins = packs.tree(("100644", b"web.yaml", b"y" * 20), (other, b"web.yaml", of))
    with pytest.raises(PackError, match="two entries of one name"):
        a_branch(empty, twins)


ODD_MODES = [b"", b"0", b"-40000", b"-100644", b"7" * 40, b"xyz", b"\xff", b"40000x", b"120000"]


@pytest.mark.parametrize("mode", ODD_MODES)
def test_what_git_gives_no_such_mode_is_no_file_and_no_folder(mode: bytes) -> None:
    root = mode + b" odd\0" + b"x" * 20 + packs.tree(("100644", b"web", b"y" * 20))
    tree = a_branch(root)
    assert list(tree.files) == ["web"]
    assert tree.links == {"odd"}


@pytest.mark.parametrize("mode", ["100644", "40000"])
def test_a_name_that_is_no_utf8_is_no_way(mode: str) -> None:
    """What is answered is UTF-8, and a file of another name in it would be edited."""
    tree = a_branch(packs.tree((mode, b"\xff.yaml", b"x" * 20), ("100644", b"web", b"y" * 20)))
    assert list(tree.files) == ["web"]
    with pytest.raises(Stop, match="xff") as caught:
        tree.way("", "\\xff.yaml/web")
    assert caught.value.reason is FileReason.LINK
