"""What the bot sees right after it was installed, for its first message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from bot.domain.record import RecordType
from bot.domain.report import Report
from bot.domain.snapshot import AWAY, Why
from bot.sites.domain.site import Sites


class WelcomeRecord(msgspec.Struct, frozen=True):
    """How far the first message is. It is sent once in the life of an installation.

    owed: False for an installation that is older than this message. channel, at: Where and when it
    was about to be posted, if it was. message: Its id; 0 while it isn't known to be posted.
    """

    owed: bool
    channel: int = 0
    at: datetime | None = None
    message: int = 0

    @property
    def over(self) -> bool:
        """Whether nothing is left to do."""
        return not self.owed or self.message != 0


WELCOME: RecordType[WelcomeRecord] = RecordType("welcome", WelcomeRecord)


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What is seen of the cluster.

    kinds: How many objects of each kind are checked. forbidden: The kinds that the bot may not
    read. absent: Those that aren't installed. problems: How many causes were found.
    """

    kinds: Mapping[str, int]
    sites: int = 0
    forbidden: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    problems: int = 0

    @classmethod
    def of(cls, report: Report, *, patient: bool) -> FirstLook | None:
        """By a report of everything; None where nothing is seen.

        patient: None also while some kinds can't be read for the moment.
        """
        if not report.judged_count or (patient and any(gap.why in AWAY for gap in report.gaps)):
            return None
        sites = report.supplement(Sites)
        return cls(
            report.counts,
            len(sites.all) if sites else 0,
            _kinds(report, Why.FORBIDDEN),
            _kinds(report, Why.NOT_INSTALLED),
            len(report.roots),
        )


def _kinds(report: Report, why: Why) -> tuple[str, ...]:
    return tuple(sorted({gap.kind for gap in report.gaps if gap.why is why}))
