"""The API server as one process meets it: whether it answers, since when not, and by what error.

Pure: who asks hands in the time, in seconds of a clock that is never set back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NEVER = float("-inf")

RENEW_CERTIFICATES = (
    "Renew the cluster's CA with keyUsage, and the API server's certificate with key identifiers: "
    "in k3s by `k3s certificate rotate-ca`."
)
"""What to do where Python 3.13 refuses what older Pythons and kubectl take."""


class OutageReason(StrEnum):
    """How the API server fails; the last error decides."""

    UNREACHABLE = "Unreachable"
    """Refused, cut off, or no answer in time."""
    ERRORS = "ServerErrors"
    """It answers, but only with errors, as without its datastore."""
    NOT_ALLOWED = "NotAllowed"
    """It answers, but refuses the bot: 401 or 403. It is not gone, and the bot is as blind."""


@dataclass(frozen=True, slots=True)
class ApiOutage:
    """A time without a successful request that is not over.

    answered_at: When the last success was, by the clock of the process; it identifies the outage.
    ago: Seconds since then. lasted: Seconds in which requests were seen to fail.
    error: The last error; it may quote addresses.
    """

    answered_at: float
    ago: float
    lasted: float
    reason: OutageReason
    error: str


@dataclass(slots=True)
class ApiContact:
    """What a process notes of its requests.

    longest: Seconds that lie between two attempts at most. Where more went by, the process was
        asleep or paused, and the rest of that time says nothing about the API server.
    noticeable: Outages shorter than this one leave no trace once they are over.
    back_at: When the API server answered again after the last noticeable outage.
    """

    longest: float
    noticeable: float
    answered_at: float = NEVER
    back_at: float = NEVER
    _attempted_at: float = NEVER
    _lasted: float = 0.0
    _reason: OutageReason = OutageReason.UNREACHABLE
    _error: str = ""

    def answered(self, now: float) -> None:
        """Take note of a successful request."""
        if self._lasted >= self.noticeable:
            self.back_at = now
        self.answered_at = self._attempted_at = now
        self._lasted, self._error = 0.0, ""

    def failed(self, now: float, reason: OutageReason, error: str) -> None:
        """Take note of a request that failed."""
        if self._attempted_at > NEVER:
            self._lasted += min(now - self._attempted_at, self.longest)
        self._attempted_at = now
        self._reason, self._error = reason, error

    def never_answered(self) -> OutageReason | None:
        """Why no request has ever succeeded; None where one has, or none was made."""
        failed = self.answered_at == NEVER and self._attempted_at > NEVER
        return self._reason if failed else None

    def outage(self, now: float) -> ApiOutage | None:
        """The present outage; None while requests succeed, and where none ever did."""
        if self.answered_at == NEVER or not self._lasted:
            return None
        ago = now - self.answered_at
        return ApiOutage(self.answered_at, ago, self._lasted, self._reason, self._error)
