"""What is fuzzed: a function of one text, what it may raise, and the time that it may take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.pumping import TooSlowError, limited

CORPUS = Path(__file__).with_name("corpus")
"""A folder for each target, with a text in each file."""


@dataclass(frozen=True, slots=True)
class Target:
    """A reader of hostile text.

    run: Takes any text. What it returns says how the text was read: texts that are read in a new
        way are worth to be varied. It asserts what must hold of the answer.
    words: What such texts are made of.
    raises: The exceptions that it documents.
    longest: Characters of a text that is worth to be tried.
    base: Seconds of CPU that any text may take: garbage may be collected meanwhile.
    per_character: Seconds of CPU for each character besides.
    hangs: Seconds of CPU after which a text is given up.
    """

    name: str
    run: Callable[[str], object]
    words: tuple[str, ...]
    raises: tuple[type[Exception], ...] = ()
    longest: int = 32 * 1024
    base: float = 0.25
    per_character: float = 10e-6
    hangs: float = 5.0

    @property
    def corpus(self) -> tuple[str, ...]:
        """The texts that are kept: good ones, and those that once did harm."""
        # Bytes: a line may end in any way, and a text may hold a surrogate.
        files = sorted((CORPUS / self.name).glob("*.txt"))
        return tuple(file.read_bytes().decode(errors="surrogatepass") for file in files)

    def tried(self, text: str) -> object:
        """How a text was read: the name of an exception that is documented, or what `run` says.

        Raises:
            FaultError: It raised anything else, or took too long.
        """
        try:
            read, took = self._timed(text)
            if took > self.allowed(text):
                # Another process, or the collector of garbage, may have been in the way.
                took = min(took, self._timed(text)[1])
        except TooSlowError as error:
            raise FaultError(f"no end after {self.hangs:g} s") from error
        except Exception as error:
            raise FaultError(f"{type(error).__name__} in {_place(error)}") from error
        if took > self.allowed(text):
            raise FaultError("too slow")
        return read

    def allowed(self, text: str) -> float:
        """Seconds of CPU that a text may take."""
        return self.base + len(text) * self.per_character

    def _timed(self, text: str) -> tuple[object, float]:
        began = time.thread_time()
        with limited(self.hangs):
            try:
                read = self.run(text)
            except self.raises as error:
                read = type(error).__name__
        return read, time.thread_time() - began


class FaultError(Exception):
    """A text did harm. Its words are the same for the same fault."""


def _place(error: BaseException) -> str:
    """The innermost line of the project that an error went through."""
    place, trace = "?", error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if not {"site-packages", "fuzz"} & set(file.parts) and "bot" in file.parts:
            place = f"{file.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
