"""A plan: what is to be done to one route, why, and what it may break. Shown, then done, as it is.

Source: issue 5 and the kind in deploy/base/change-crd.yaml, whose `spec` it is.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from bot.remediation.change.step import Step


class Method(StrEnum):
    """How a route is repaired."""

    ANNOTATION = "annotation"
    """The Service's annotation, for a plain Ingress."""
    NATIVE_LB = "native-lb"
    """The field of an IngressRoute's services."""
    CONVERSION = "conversion"
    """IngressRoutes in the place of an Ingress."""
    PULL_REQUEST = "pull-request"
    """The same in the file that the object comes from."""


class RepairPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What an approver reads and the bot does.

    `target` is the route (`Ingress apps/web`), `asked` how to diagnose it again, `host` and `path`
    the request that proves, `row` and `effect` the diagnosis's at that time. `trial`: not proven
    to help. `returns_after` are the minutes after which it is taken back by itself; 0 for never.
    `cures` are keys of findings. `preview` is the difference of the file, for a pull request.
    """

    target: str
    way: Method
    asked: str
    host: str
    path: str
    row: str
    effect: str
    trial: bool = False
    cures: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    steps: tuple[Step, ...]
    returns_after: int = 0
    preview: str = ""

    @property
    def namespaces(self) -> frozenset[str]:
        """Where it would write."""
        return frozenset(step.object.namespace for step in self.steps)

    def same(self, other: RepairPlan) -> bool:
        """Whether the evidence asks for the same: verdict, effect and every planned field.

        A latency or another version of the object is no difference (issue 5).
        """
        return _decisive(self) == _decisive(other)


def _decisive(plan: RepairPlan) -> tuple[object, ...]:
    return plan.way, plan.row, plan.effect, plan.trial, plan.steps, plan.preview
