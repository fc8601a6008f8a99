"""A report has the worst findings of each namespace up to a limit, and counts the others.

Anybody who may write in a namespace may create any number of faulty objects there.
Alerts, history and digests take time and room for each finding of a report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from bot.domain.finding import Finding
from bot.domain.grouping import grouped
from bot.domain.snapshot import Gap
from bot.domain.tenancy import namespace_of

MOST = 500
"""Findings and notes of one namespace. One that is wholly down in a homelab has some dozens."""


@dataclass
class FindingShares:
    """Keeps the worst findings of each namespace.

    whole: Namespaces of which all are kept: those that are judged to the end.
    left_out: How many were not kept, by kind and namespace.
    """

    whole: Collection[str] = ()
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)

    def kept(self, findings: Iterable[Finding]) -> frozenset[str]:
        """The keys of those that a report has, and counts the others."""
        by_namespace = grouped((namespace_of(finding.subject), finding) for finding in findings)
        kept: set[str] = set()
        for namespace, own in by_namespace.items():
            if len(own) > MOST and namespace not in self.whole:
                # By name where they are as bad, so that each look keeps the same ones.
                own.sort(key=lambda finding: (-finding.verdict.rank, finding.subject))
                self.left_out.update((other.subject.kind, namespace) for other in own[MOST:])
                del own[MOST:]
            kept.update(finding.key for finding in own)
        return frozenset(kept)

    def gaps(self) -> Iterator[Gap]:
        """What was left out."""
        for (kind, namespace), count in sorted(self.left_out.items()):
            detail = f"{count:,} more findings: a report has the worst {MOST:,} of each namespace"
            yield Gap.in_part(kind, namespace, detail)
