"""The silences of `/mute`, `/ack` and `/unmute`: who silences what until when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.alerting.domain.silences import MUTES, Mute, Mutes, length
from bot.alerting.domain.visibility import with_visibility
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
"""How long `/ack` silences what somebody works on."""

REASON = 200


@dataclass
class Silences:
    """The stored silences. `namespaces` returns those of the cluster now."""

    store: Store
    health: Health
    namespaces: Callable[[], tuple[str, ...]]
    checks: tuple[Check, ...] = CHECKS
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    async def mute(
        self, text: str, time: str, by: str, reason: str = "", *, acknowledged: bool = False
    ) -> Mute:
        """Silence a finding (by its code), a namespace or a check.

        Raises:
            InputError: It is none of these, or the time cannot be read.
        """
        duration = length(time)
        if isinstance(duration, Refusal):
            raise InputError(duration.detail)
        target = await self._target(text)
        now = self.clock()
        mute = Mute(
            by=by[:80],
            since=now,
            until=now + duration,
            reason=redact(reason)[:REASON],
            acknowledged=acknowledged,
            **target,
        )
        await self.store.change(MUTES, lambda old: (old or Mutes()).with_one(mute))
        return mute

    async def unmute(self, text: str) -> Mute:
        """End a silence.

        Raises:
            InputError: There is none of that name.
        """
        name = text.strip().lower()
        held = await self.list()
        mute = next((mute for mute in held if mute.name == name), None)
        # The name of a check or a namespace is part of findings' keys, too.
        if mute is None and name not in self.places(name):
            mute = _of_finding(held, name)
        if mute is None:
            msg = f'"{name[:60]}" is not muted. /mute list shows what is.'
            raise InputError(msg)
        target = mute.target
        await self.store.change(MUTES, lambda old: (old or Mutes()).without(target))
        return mute

    async def list(self) -> tuple[Mute, ...]:
        """The silences in effect now."""
        return (await self.store.read(MUTES) or Mutes()).at(self.clock())

    def places(self, text: str, wrong: Iterable[Finding] = ()) -> tuple[str, ...]:
        """Namespaces and checks whose name contains a text, those with a finding first."""
        names = (*sorted(self.namespaces()), *(check.name for check in self.checks))
        concerned = (name for one in wrong for name in (one.subject.namespace, one.check))
        ordered = dict.fromkeys((*(name for name in concerned if name in names), *names))
        return tuple(name for name in ordered if text.strip().lower() in name)

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

    async def _target(self, text: str) -> dict[str, str]:
        """The field of a Mute that says what it silences."""
        name = text.strip().lower()
        findings = with_visibility(await self.health.look()).with_code(name)
        if findings:
            return {"finding": findings[0].key}
        if name in {check.name for check in self.checks}:
            return {"check": name}
        if name in self.namespaces():
            return {"namespace": name}
        if mute := _of_finding(await self.list(), name):
            return {"finding": mute.finding}
        no = f'"{name[:60]}" is not a problem\'s code, a namespace or a check.'
        msg = f"{no} Choose one of the suggestions."
        raise InputError(msg)


def _of_finding(mutes: Sequence[Mute], name: str) -> Mute | None:
    """The only silence of a finding that is meant, though the finding may be gone by now."""
    meant = [
        mute
        for mute in mutes
        if mute.finding and (name == mute.name or (name and name in mute.finding.lower()))
    ]
    return meant[0] if len(meant) == 1 else None
