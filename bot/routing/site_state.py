"""Whether a site answers: the states that route checks and `/sites` share."""

from __future__ import annotations

from enum import StrEnum

DOES_NOT_ANSWER = "DoesNotAnswer"
"""The reason of a route of which a host does not answer by its route checks."""


class SiteState(StrEnum):
    """What is known of a site. Objects alone never make one answer."""

    FAILS = "does not answer"
    ANSWERS = "answers"
    NOT_TESTED = "not tested"
    """Nothing was seen: neither good nor bad, so it counts in no verdict and no exit code."""
