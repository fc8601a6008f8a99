"""From chunks of a log to its lines, in bounded memory however long a line is."""

from __future__ import annotations

from collections.abc import Iterator

from bot.traefik.domain.log_parser import LONGEST


class LineSplitter:
    """Bytes in, whole lines out. Of a line that is too long only its beginning is kept.

    That beginning is one byte longer than any line that is read, so that it is known as too long.
    """

    def __init__(self, longest: int = LONGEST) -> None:
        self._most = longest + 1
        self._begun = b""
        self.taken = 0
        """Bytes that were fed so far."""

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The lines that end in this chunk. To be exhausted before the next call."""
        self.taken += len(chunk)
        first, *rest = chunk.split(b"\n")
        self._begun += first[: self._most - len(self._begun)]
        for following in rest:
            yield self._text(self._begun)
            self._begun = following[: self._most]

    def end(self) -> Iterator[str]:
        """The last line, where it has no end."""
        if self._begun:
            yield self._text(self._begun)
            self._begun = b""

    def _text(self, line: bytes) -> str:
        # As many characters as bytes, so that a long line of wide letters stays a long one.
        return line.decode(errors="replace") if len(line) < self._most else "x" * self._most
