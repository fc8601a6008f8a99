"""What the bot sees right after it was installed, for its first message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
from msgspec.structs import replace

from bot.domain.posting import left_alone
from bot.domain.record import RecordType
from bot.domain.report import Report
from bot.domain.snapshot import AWAY, Gap, Why
from bot.sites.domain.site import Sites


class WelcomeRecord(msgspec.Struct, frozen=True):
    """How far the first message is. It is sent once in the life of an installation.

    owed: False for an installation that is older than this message. channel, at: Where it was about
    to be posted last, and since when it was there, if it was. message: Its id; 0 while it isn't
    known to be posted. renewed: When another try took the claim over.
    """

    owed: bool
    channel: int = 0
    at: datetime | None = None
    message: int = 0
    renewed: datetime | None = None

    @property
    def over(self) -> bool:
        """Whether nothing is left to do."""
        return not self.owed or self.message != 0

    def claimed(self, channel: int, now: datetime) -> WelcomeRecord:
        """Claimed for a channel; the same where it is over, or another try may still be on its way.

        In the same channel it keeps since when the message may be there.
        """
        last = self.renewed or self.at
        if self.over or (last and left_alone(last, now)):
            return self
        if self.at and self.channel == channel:
            return replace(self, renewed=now)
        return replace(self, channel=channel, at=now, renewed=None)


WELCOME: RecordType[WelcomeRecord] = RecordType("welcome", WelcomeRecord)


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What is seen of the cluster.

    kinds: How many objects of each kind are checked. forbidden: The kinds that the bot may not
    read. absent: Those that aren't installed. problems: How many causes were found. away: The kinds
    that can't be seen, or not all of them, for any other reason.
    """

    kinds: Mapping[str, int]
    sites: int = 0
    forbidden: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    problems: int = 0
    away: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether everything was seen. Otherwise that nothing was found proves little."""
        return not (self.forbidden or self.away)

    @classmethod
    def of(cls, report: Report, *, patient: bool) -> FirstLook | None:
        """By a report of everything; None where nothing is seen.

        patient: None also while some kinds can't be read for the moment.
        """
        if not report.judged_count or (patient and any(gap.why in AWAY for gap in report.gaps)):
            return None
        sites = report.supplement(Sites)
        forbidden = _kinds(gap for gap in report.unseen if gap.why is Why.FORBIDDEN)
        return cls(
            report.counts,
            len(sites.all) if sites else 0,
            forbidden,
            _kinds(gap for gap in report.gaps if gap.why is Why.NOT_INSTALLED),
            len(report.roots),
            _kinds(gap for gap in report.unseen if gap.kind not in forbidden),
        )


def _kinds(gaps: Iterable[Gap]) -> tuple[str, ...]:
    return tuple(sorted({gap.kind for gap in gaps}))
