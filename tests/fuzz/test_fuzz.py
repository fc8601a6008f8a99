"""Readers of hostile text: what the corpus keeps, some new texts, and that a fault is found.

`make fuzz` tries more of them, for as long as you like.
"""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.fuzz.__main__ import main
from tests.fuzz.fuzzing import fuzz, keep, smaller
from tests.fuzz.target import CORPUS, FaultError, Target
from tests.fuzz.targets import TARGETS
from tests.fuzz.texts import texts


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_text_of_the_corpus_is_read_without_harm(target: Target) -> None:
    """Good ones, so that a target reads what it is meant to, and those that once did harm."""
    ways = {target.tried(text) for text in target.corpus}
    assert len(ways) > 1


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
@given(data=st.data())
@settings(max_examples=examples(50))
def test_no_text_does_harm(target: Target, data: st.DataObject) -> None:
    """No exception but those that are documented, and a time that grows as the text does."""
    target.tried(data.draw(texts(target)))


def test_every_target_has_a_corpus_and_every_corpus_a_target() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} == {target.name for target in TARGETS}


def _stumbling(text: str) -> object:
    number = re.search(r"port=(\d++)", text)
    if number and int(number[1]) > 1 << 32:
        raise OverflowError(number[1])
    return number is not None


def _slow(text: str) -> object:
    """As slow as a loop that cuts the first character off."""
    while text:
        text = text[1:]
        text.encode(errors="replace")
    return None


def _endless(text: str) -> object:
    return re.fullmatch(r"(?:a|aa)+b", text)


def _promised(text: str) -> object:
    assert "-c" not in text.split()
    return len(text.split())


@pytest.mark.parametrize(
    ("target", "fault", "least"),
    [
        (Target("a", _stumbling, ("port=", "80")), "OverflowError in ?", "port="),
        (Target("b", _slow, ("a",), per_character=0, base=0.002), "too slow", ""),
        (Target("c", _endless, ("a" * 40, "a"), hangs=0.01), "no end after 0.01 s", "aaaaaaaaaa"),
        (Target("d", _promised, ("-c", " ")), "AssertionError in ?", "-c"),
    ],
    ids=["an exception", "a slow loop", "a pattern without end", "a broken promise"],
)
def test_a_planted_fault_is_found(target: Target, fault: str, least: str) -> None:
    result = fuzz(target, seconds=10, seed=1, until_found=True, shrinking=0.2)
    assert list(result.crashes) == [fault]
    assert least in result.crashes[fault]


def test_a_text_that_did_harm_is_made_small() -> None:
    """What is left is a text that a person can read."""
    target = Target("a", _stumbling, ())
    text = f"{'x ' * 500}host=a port={'9' * 30} path=/{'y' * 500}"
    with pytest.raises(FaultError) as caught:
        target.tried(text)
    assert len(smaller(target, text, str(caught.value), seconds=2)) < 20


def test_a_documented_exception_is_no_fault() -> None:
    assert Target("a", int, (), raises=(ValueError,)).tried("x") == "ValueError"
    with pytest.raises(FaultError, match="ValueError"):
        Target("a", int, ()).tried("x")


def test_what_was_found_is_kept_and_tried_again(tmp_path: Path) -> None:
    """Byte for byte: with line ends of any kind, and half a character."""
    text = "a\r\n\ud800\x00b"
    keep(tmp_path, text)
    assert keep(tmp_path, text).read_bytes().decode(errors="surrogatepass") == text
    assert len(list(tmp_path.iterdir())) == 1


def test_a_table_says_what_was_tried(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["retry_after", "--seconds", "0.1"]) == 0
    head, row, total = capsys.readouterr().out.splitlines()
    assert head.split() == ["target", "cases", "seconds", "ways", "slowest", "crashes"]
    assert row.split()[0] == "retry_after"
    assert int(row.split()[1].replace(",", "")) > 4
    assert total.split()[-1] == "0"
