"""What can be done about a route: every way that the evidence supports, the smallest first.

Source: issue 5, "Ways to repair a route, the smallest that the evidence supports first".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.planning import annotation, native_lb
from bot.remediation.planning import ingress_handover as handover
from bot.remediation.planning import pull_request as in_git
from bot.remediation.planning.context import PlanningContext
from bot.remediation.planning.eligibility import Eligibility, worth
from bot.remediation.planning.refusals import PlanReason, PlanRefusal

PlanWay = Callable[[PlanningContext, Eligibility], RepairPlan | PlanRefusal]

WAYS: Mapping[Method, PlanWay] = MappingProxyType(
    {
        Method.ANNOTATION: annotation.plan,
        Method.NATIVE_LB: native_lb.plan,
        Method.CONVERSION: handover.plan,
        Method.PULL_REQUEST: in_git.plan,
    }
)
"""Every way, the smallest first; a pull request goes before them where Flux keeps the object."""

MOST_ROUTES = 0.5
FEWEST_ROUTES = 3
BY_DEFAULT = (
    "{helped} of {tested} tested routes need it: Traefik can do it for all of them, by "
    "`providers.kubernetesCRD.nativeLBByDefault` and `providers.kubernetesIngress."
    "nativeLBByDefault` (Traefik 3; k3s: a HelmChartConfig named traefik in kube-system)."
)
"""Way 4 is pointed out, and never done: it changes every route."""


@dataclass(frozen=True, slots=True)
class Offers:
    """The plans in order, and why each other way is none."""

    situation: PlanningContext
    plans: tuple[RepairPlan, ...] = ()
    refusals: Mapping[Method, PlanRefusal] = field(default_factory=dict)

    @property
    def best(self) -> RepairPlan | PlanRefusal:
        """The smallest plan; without one the refusal that says the most about this route."""
        if self.plans:
            return self.plans[0]
        said = [
            refusal
            for refusal in self.refusals.values()
            if refusal.reason is not PlanReason.OTHER_KIND
        ]
        return next(iter([*said, *self.refusals.values()]))

    def by(self, way: Method) -> RepairPlan | PlanRefusal:
        """The plan of one way, or why it is none."""
        found = next((plan for plan in self.plans if plan.way is way), None)
        return found or self.refusals.get(way) or self.best


def offers(situation: PlanningContext, untouchable: Callable[[str], str]) -> Offers:
    """All ways of one situation. `untouchable` says why a namespace is never changed."""
    found = worth(situation)
    if isinstance(found, PlanRefusal):
        return Offers(situation, refusals=MappingProxyType(dict.fromkeys(WAYS, found)))
    made = {way: _planned(planner, situation, found, untouchable) for way, planner in WAYS.items()}
    plans = [offer for offer in made.values() if isinstance(offer, RepairPlan)]
    # What is in Git stays: there it is what people do.
    plans.sort(key=lambda each: each.way is not Method.PULL_REQUEST)
    return Offers(
        situation,
        tuple(plans),
        MappingProxyType({way: e for way, e in made.items() if isinstance(e, PlanRefusal)}),
    )


def _planned(
    planner: PlanWay,
    situation: PlanningContext,
    found: Eligibility,
    untouchable: Callable[[str], str],
) -> RepairPlan | PlanRefusal:
    made = planner(situation, found)
    if isinstance(made, PlanRefusal):
        return made
    why = next(filter(None, map(untouchable, sorted(made.namespaces))), "")
    return PlanRefusal(PlanReason.UNTOUCHABLE, why) if why else made


def by_default(helped: int, tested: int) -> str:
    """The hint at the switch for all routes, where most of them need it; else nothing."""
    if tested < FEWEST_ROUTES or helped <= tested * MOST_ROUTES:
        return ""
    return BY_DEFAULT.format(helped=helped, tested=tested)
