"""Images and actions of others are held to a digest that somebody saw."""

from __future__ import annotations

import pytest

from tests.pins.__main__ import check, main
from tests.pins.pin import PINS, Kind, Pin, files, loose, read, unpinned, used, written
from tests.places import ROOT

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
FROM --platform=linux/amd64 alpine:3
COPY --from=ghcr.io/someone/uv:1 /uv /uv
COPY --from=build /venv /venv
    - uses: docker://docker.io/someone/lint:2
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
        "alpine:3",
        "ghcr.io/someone/uv:1",
        "docker.io/someone/lint:2",
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


@pytest.mark.parametrize("digest", ["", "todo", "sha256:", DIGEST[:-1], DIGEST.upper(), COMMIT])
def test_only_a_digest_is_one(digest: str):
    assert unpinned([IMAGE.at(digest)]) == [IMAGE.name]


def test_a_file_is_pinned_where_each_name_in_it_stands_with_its_digest():
    """To write a digest into the file of pins alone pins nothing."""
    line = f"ARG PYTHON_IMAGE={IMAGE.name}"
    assert loose(f"{line}@{DIGEST}\n", [IMAGE]) == []
    assert loose(f"{line}\n", [IMAGE]) == [IMAGE.name]
    assert loose(f"{line}@{OLD}\n", [IMAGE]) == [IMAGE.name]
    assert loose("FROM debian:trixie\n", [IMAGE]) == ["debian:trixie"]
    assert loose("    - uses: actions/checkout@v5\n", [ACTION]) == [ACTION.name]


def test_digests_in_the_file_of_pins_alone_are_not_enough(capsys: pytest.CaptureFixture[str]):
    """No file names this digest, which nobody saw."""
    image = next(pin for pin in read(PINS.read_text()) if pin.kind is Kind.IMAGE)
    assert check([image.at(DIGEST)]) == 1
    assert "without its digest in " in capsys.readouterr().err


def test_a_release_is_refused_before_anything_is_built_or_sent():
    """Its first step asks whether all is pinned, and make ends at the first that fails."""
    text = (ROOT / "Makefile").read_text()
    _, _, rest = text.partition("\nrelease:")
    steps = [line.strip() for line in rest.splitlines()[1:] if line.startswith("\t")]
    assert steps[0] == "@$(BIN)/python -m tests.pins --check"
    assert main(["--check"]) == int(bool(unpinned(read(PINS.read_text()))))
