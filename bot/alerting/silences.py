"""What stands behind `/mute`, `/ack`, `/unmute`: who silences what until when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.alerting.domain.silences import MUTES, Mute, Mutes, length
from bot.domain.check import Check
from bot.domain.finding import Finding
from bot.domain.record import Store
from bot.domain.redaction.redact import redact
from bot.domain.refusal import Refusal
from bot.domain.report import Report
from bot.errors import InputError
from bot.health.checks import CHECKS
from bot.health.service import Health

ACKNOWLEDGED = "8h"
"""How long somebody who works on it has silence."""

REASON = 200


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Silences:
    """The mutes. `namespaces` are those of the cluster now."""

    store: Store
    health: Health
    namespaces: Callable[[], tuple[str, ...]]
    checks: tuple[Check, ...] = CHECKS
    clock: Callable[[], datetime] = _now

    async def mute(
        self, what: str, time: str, by: str, reason: str = "", *, acknowledged: bool = False
    ) -> Mute:
        """Silence a finding (by its code), a namespace or a check.

        Raises:
            InputError: It is none of these, or the time is none.
        """
        lasts = length(time)
        if isinstance(lasts, Refusal):
            raise InputError(lasts.detail)
        target = await self._target(what.strip().lower())
        now = self.clock()
        made = Mute(
            by=by[:80],
            since=now,
            until=now + lasts,
            reason=redact(reason)[:REASON],
            acknowledged=acknowledged,
            finding=target.get("finding", ""),
            namespace=target.get("namespace", ""),
            check=target.get("check", ""),
        )
        await self.store.change(MUTES, lambda kept: (kept or Mutes()).with_one(made))
        return made

    async def unmute(self, what: str) -> Mute:
        """End a mute.

        Raises:
            InputError: There is none of that.
        """
        wanted = what.strip().lower()
        held = await self.list()
        found = [mute for mute in held if mute.name == wanted]
        # A check's or a namespace's name stands in the keys of findings, too.
        if not found and wanted not in self.places(wanted):
            found = _by_finding(held, wanted)
        if not found:
            msg = f"{what[:60]!r} is not muted. /mute list shows what is."
            raise InputError(msg)
        await self.store.change(MUTES, lambda kept: (kept or Mutes()).without(found[0].target))
        return found[0]

    async def list(self) -> tuple[Mute, ...]:
        """Those that hold now."""
        return (await self.store.read(MUTES) or Mutes()).at(self.clock())

    def places(self, typed: str) -> tuple[str, ...]:
        """Checks and namespaces whose name holds what was typed."""
        names = (*(check.name for check in self.checks), *sorted(self.namespaces()))
        return tuple(dict.fromkeys(name for name in names if typed.strip().lower() in name))

    async def muted(self, report: Report) -> Mapping[str, str]:
        """By the key of each silenced finding of a report, the line that says by whom."""
        mutes = await self.store.read(MUTES) or Mutes()
        return {**report.muted, **mutes.muted(report.findings, self.clock())}

    async def annotated(self) -> Mapping[Finding, str]:
        """The present findings that an annotation silences, each with the line that says so."""
        report = await self.health.look()
        return {
            finding: report.muted[finding.key]
            for finding in report.findings
            if finding.key in report.muted
        }

    async def _target(self, what: str) -> dict[str, str]:
        found = await self._finding(what)
        if found:
            return {"finding": found.key}
        if what in {check.name for check in self.checks}:
            return {"check": what}
        if what in self.namespaces():
            return {"namespace": what}
        held = _by_finding(await self.list(), what)
        if held:
            return {"finding": held[0].finding}
        no = f"{what[:60]!r} is no present finding's code, no check and no namespace."
        msg = f"{no} Choose one of the suggestions."
        raise InputError(msg)

    async def _finding(self, what: str) -> Finding | None:
        report = await self.health.look()
        found = report.with_code(what)
        return found[0] if found else None


def _by_finding(held: Sequence[Mute], what: str) -> list[Mute]:
    """The only mute of a finding that is meant, though the finding may be gone by now."""
    found = [mute for mute in held if mute.finding and _means(mute, what)]
    return found if len(found) == 1 else []


def _means(mute: Mute, what: str) -> bool:
    return what == mute.name or bool(what and what in mute.finding.lower())
