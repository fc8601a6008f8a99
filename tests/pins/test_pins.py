"""Images and actions of others are held to a digest that somebody saw."""

from __future__ import annotations

import pytest

from tests.pins.pin import PINS, Kind, Pin, files, read, unpinned, used, written

DIGEST = f"sha256:{'a' * 64}"
OLD = f"sha256:{'0' * 64}"
COMMIT = "c" * 40
IMAGE = Pin(Kind.IMAGE, "docker.io/library/python:3.13-slim", DIGEST)
ACTION = Pin(Kind.ACTION, "actions/checkout@v5", COMMIT)


def test_every_image_and_action_that_a_file_names_is_in_the_file_of_pins():
    known = {pin.name for pin in read(PINS.read_text())}
    named = {name for path in files() for name in used(path.read_text())}
    assert named <= known
    assert known <= named, "nothing uses it any more"


def test_each_name_stands_everywhere_with_the_digest_in_the_file_of_pins():
    for path in files():
        text = path.read_text()
        for pin in read(PINS.read_text()):
            assert not pin.digest or pin.written_into(text) == text, f"run make pins: {path}"


@pytest.mark.parametrize(
    "before",
    [
        f"ARG PYTHON_IMAGE={IMAGE.name}\n",
        f"ARG PYTHON_IMAGE={IMAGE.name}@{OLD}\n",
        f"ARG PYTHON_IMAGE={IMAGE.name}@{DIGEST}\n",
    ],
)
def test_an_image_gets_its_digest_once_and_a_new_one_later(before: str):
    assert IMAGE.written_into(before) == f"ARG PYTHON_IMAGE={IMAGE.name}@{DIGEST}\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{IMAGE.name}-bookworm",
        f"mirror.example/{IMAGE.name}",
        f"{IMAGE.name}.1",
    ],
)
def test_a_longer_name_is_another_image(text: str):
    assert IMAGE.written_into(text) == text


@pytest.mark.parametrize("before", ["v5", f"{'0' * 40} # v5", f"{COMMIT} # v5"])
def test_an_action_gets_its_commit_with_the_tag_behind_it(before: str):
    line = "      - uses: actions/checkout@"
    assert ACTION.written_into(f"{line}{before}\n") == f"{line}{COMMIT} # v5\n"


def test_another_tag_of_an_action_is_left_alone():
    text = f"uses: actions/checkout@{'0' * 40} # v4\nuses: actions/checkout@v50\n"
    assert ACTION.written_into(text) == text


def test_what_a_file_names_is_found_whether_it_is_pinned_or_not():
    text = f"""
ARG PYTHON_IMAGE={IMAGE.name}@{DIGEST}
FROM ${{PYTHON_IMAGE}} AS build
FROM scratch
FROM debian:trixie
TOOL_IMAGE = "docker.io/nicolaka/netshoot:v0.13"
    - uses: actions/checkout@v5
    - uses: docker/build-push-action@{COMMIT} # v6
    - uses: ./.github/actions/ours
      image: "ghcr.io/someone/tool:1.2"
      image: registry.example/meshmedic:0.1.0
      image: meshmedic
"""
    assert list(used(text)) == [
        IMAGE.name,
        "debian:trixie",
        "docker.io/nicolaka/netshoot:v0.13",
        "actions/checkout@v5",
        "docker/build-push-action@v6",
        "ghcr.io/someone/tool:1.2",
    ]


def test_the_file_of_pins_keeps_its_comments():
    text = f'# Why.\n[images]\n"{IMAGE.name}" = ""\n\n[actions]\n"{ACTION.name}" = ""\n'
    assert unpinned(read(text)) == [IMAGE.name, ACTION.name]
    after = written(text, [IMAGE, ACTION])
    assert after.startswith("# Why.\n")
    assert read(after) == [IMAGE, ACTION]
    assert unpinned(read(after)) == []
