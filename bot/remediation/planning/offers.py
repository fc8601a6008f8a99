"""What can be done about a route: every method that the evidence supports, the smallest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.net.diagnosis.diagnosis import Effect
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.planning import annotation, ingress_handover, native_lb, pull_request
from bot.remediation.planning.context import PlanningContext
from bot.remediation.planning.evidence import refuse_ineligible
from bot.remediation.planning.refusals import PlanReason, PlanRefusal

METHODS = {
    Method.ANNOTATION: annotation.plan,
    Method.NATIVE_LB: native_lb.plan,
    Method.CONVERSION: ingress_handover.plan,
    Method.PULL_REQUEST: pull_request.plan,
}
"""What plans by each method, the smallest change first."""

MOST_ROUTES = 0.5
FEWEST_ROUTES = 3
BY_DEFAULT = (
    "{helped} of {tested} tested routes need it: Traefik can do it for all of them, by "
    "`providers.kubernetesCRD.nativeLBByDefault` and `providers.kubernetesIngress."
    "nativeLBByDefault` (Traefik 3; k3s: a HelmChartConfig named traefik in kube-system)."
)
"""A hint and never a plan: this switch changes every route."""


@dataclass(frozen=True, slots=True)
class Offers:
    """The plans in order, and why each other method is refused."""

    context: PlanningContext
    plans: tuple[RepairPlan, ...] = ()
    refusals: Mapping[Method, PlanRefusal] = field(default_factory=dict)

    @property
    def best(self) -> RepairPlan | PlanRefusal:
        """The smallest plan; without one, the refusal that says the most about this route."""
        refusals = self.refusals.values()
        telling = [refusal for refusal in refusals if refusal.reason is not PlanReason.OTHER_KIND]
        return self.plans[0] if self.plans else [*telling, *refusals][0]

    def by(self, method: Method) -> RepairPlan | PlanRefusal:
        """The plan of one method, or why there is none."""
        plan = next((plan for plan in self.plans if plan.way is method), None)
        return plan or self.refusals.get(method) or self.best

    @property
    def hint(self) -> str:
        """The hint at the switch for all routes, if most tested routes need it; else empty."""
        tested = len(self.context.tested)
        helped = self.context.tested.count(Effect.HELPS)
        if tested < FEWEST_ROUTES or helped <= tested * MOST_ROUTES:
            return ""
        return BY_DEFAULT.format(helped=helped, tested=tested)


def offers(context: PlanningContext, untouchable: Callable[[str], str]) -> Offers:
    """Plans by every method. `untouchable` says why a namespace is never changed."""
    if refusal := refuse_ineligible(context):
        return Offers(context, refusals=dict.fromkeys(METHODS, refusal))
    plans: list[RepairPlan] = []
    refusals: dict[Method, PlanRefusal] = {}
    for method, plan in METHODS.items():
        offer = plan(context)
        namespaces = sorted(offer.namespaces) if isinstance(offer, RepairPlan) else ()
        if why := next(filter(None, map(untouchable, namespaces)), ""):
            offer = PlanRefusal(PlanReason.UNTOUCHABLE, why)
        if isinstance(offer, RepairPlan):
            plans.append(offer)
        else:
            refusals[method] = offer
    # What is in Git stays: where Flux keeps the object, a pull request goes first.
    plans.sort(key=lambda plan: plan.way is not Method.PULL_REQUEST)
    return Offers(context, tuple(plans), refusals)
