"""The other answer to what somebody wants to run."""

from __future__ import annotations

import msgspec


class Refusal(msgspec.Struct, frozen=True):
    """It is not run; `why` says what would be."""

    why: str
