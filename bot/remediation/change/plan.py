"""A plan: what is to be done to one route, why, and what it may break. What is shown is done.

Source: the `spec` of deploy/base/change-crd.yaml.
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
    """IngressRoutes instead of an Ingress."""
    PULL_REQUEST = "pull-request"
    """The same change in the Git file that the object comes from."""


class VerificationRequest(msgspec.Struct, frozen=True):
    """The request that shows whether a route works. `host` is empty if its rule names none."""

    host: str
    path: str = "/"


class RepairPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What an approver reads and the bot does.

    `target` is the route (`Ingress apps/web`), `asked` how to diagnose it again, `host` and `path`
    the request that proves it, `row` and `effect` those of the diagnosis. A `trial` is not proven
    to help. After `returns_after` minutes the bot takes it back by itself; 0 is never. `cures` are
    keys of findings. `preview` is the difference of the file, for a pull request.
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
        """The namespaces in which it would write."""
        return frozenset(step.object.namespace for step in self.steps)

    @property
    def request(self) -> VerificationRequest:
        """The request that proves whether the change helped."""
        return VerificationRequest(self.host, self.path)

    def same(self, other: RepairPlan) -> bool:
        """Whether the evidence asks for the same: row, effect and every planned field.

        Another latency, or another version of the object, makes no difference.
        """
        return _decisive(self) == _decisive(other)


def _decisive(plan: RepairPlan) -> tuple[object, ...]:
    return plan.way, plan.row, plan.effect, plan.trial, plan.steps, plan.preview
