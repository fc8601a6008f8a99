"""Fuzz one target for a while.

Hypothesis makes a text of random bytes (`fuzz_one_input`); bytes whose text was read in a new way
are varied. A text that did harm is made smaller, and `make fuzz` keeps it in the corpus, which
every test run tries.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from tests.fuzz.target import FaultError, Target
from tests.fuzz.texts import texts

SIZES = (64, 256, 1024)
"""Random bytes of which a text is made: the more, the more is changed in it."""

MOST_KEPT = 2000
"""How many bytes that were read in a new way are varied."""

SHRINKING = 5.0
"""Seconds in which a text that did harm is made smaller."""


@dataclass
class FuzzingResult:
    """What was tried of one target. `crashes` has a small text for each kind of fault."""

    target: str
    cases: int = 0
    seconds: float = 0.0
    ways: int = 0
    slowest: float = 0.0
    crashes: dict[str, str] = field(default_factory=dict)


def fuzz(
    target: Target,
    seconds: float,
    seed: int,
    *,
    until_found: bool = False,
    shrinking: float = SHRINKING,
) -> FuzzingResult:
    """Try texts until the time is over, or until one did harm."""
    result = FuzzingResult(target.name)
    dice = random.Random(seed)  # noqa: S311  # no secret: a seed repeats a run
    seen: set[object] = set()
    kept: list[bytes] = []
    new = False

    def attempt(text: str) -> None:
        nonlocal new
        result.cases += 1
        began = time.thread_time()
        try:
            way = target.tried(text)
        except FaultError as fault:
            if str(fault) not in result.crashes:
                result.crashes[str(fault)] = smaller(target, text, str(fault), shrinking)
            return
        result.slowest = max(result.slowest, time.thread_time() - began)
        new = way not in seen
        seen.add(way)

    for text in target.corpus:
        attempt(text)
    one_input = _one_input(target, attempt)
    began = time.monotonic()
    while time.monotonic() - began < seconds and not (until_found and result.crashes):
        new = False
        data = _varied(dice.choice(kept), dice) if kept and dice.random() < 0.7 else _fresh(dice)
        used = one_input(data)
        if new and used and len(kept) < MOST_KEPT:
            kept.append(used)
    result.seconds = time.monotonic() - began
    result.ways = len(seen)
    return result


def _one_input(target: Target, attempt: Callable[[str], None]) -> Callable[[bytes], bytes | None]:
    test = given(texts(target))(attempt)
    test = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))(test)
    made: Callable[[bytes], bytes | None] = test.hypothesis.fuzz_one_input
    return made


def _fresh(dice: random.Random) -> bytes:
    return dice.randbytes(dice.choice(SIZES))


def _varied(data: bytes, dice: random.Random) -> bytes:
    """With some bytes changed, and more behind them, since a changed text may need more."""
    changed = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 4, 16))):
        at = dice.randrange(len(changed) or 1)
        changed[at : at + 1] = dice.randbytes(dice.choice((0, 1, 1, 2, 8)))
    return bytes(changed) + _fresh(dice)


def smaller(target: Target, text: str, fault: str, seconds: float) -> str:
    """A short text with the same fault: parts are left out as long as it stays."""
    size = max(1, len(text) // 2)
    until = time.monotonic() + seconds
    while size and time.monotonic() < until:
        for start in range(0, len(text), size):
            shorter = text[:start] + text[start + size :]
            if time.monotonic() < until and _does(target, shorter, fault):
                text = shorter
                break
        else:
            size //= 2
    return text


def _does(target: Target, text: str, fault: str) -> bool:
    try:
        target.tried(text)
    except FaultError as found:
        return str(found) == fault
    return False


def keep(folder: Path, text: str) -> Path:
    """Write a text that did harm into the corpus, under a name of its own."""
    body = text.encode(errors="surrogatepass")
    path = folder / f"found-{hashlib.sha256(body).hexdigest()[:12]}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path
