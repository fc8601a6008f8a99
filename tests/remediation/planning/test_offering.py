"""What a diagnosis supports: the smallest change first, and each refusal with its reason."""

import json
from typing import Any

import pytest

from bot.domain.finding import Target
from bot.gitops.domain.file_edit import Chosen, EditKind, FileEdit, decoded
from bot.gitops.domain.ownership import Keeper, ObjectOwner
from bot.ingress_conversion.known import gather
from bot.net.diagnosis.diagnosis import Effect
from bot.net.diagnosis.subject import EndpointAt
from bot.remediation.change.fields import Action
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.step import mistake, undoing
from bot.remediation.planning.offers import Offers, offers
from bot.remediation.planning.pull_request import reached
from bot.remediation.planning.refusals import PlanReason, PlanRefusal
from bot.routing.native_lb import ANNOTATION
from tests.remediation.planning.situations import (
    a_route,
    a_service,
    a_situation,
    a_subject,
    an_ingress,
    nowhere_untouchable,
    with_effect,
)

FLUX = ObjectOwner(Keeper.KUSTOMIZATION, "flux-system", "apps")
ROUTE = Target("IngressRoute", "apps", "web", "traefik.io")
SERVICE = Target("Service", "apps", "web")
INGRESS = Target("Ingress", "apps", "web", "networking.k8s.io")
ARGO = ObjectOwner(Keeper.OTHER, name="Argo CD")
HELM = ObjectOwner(Keeper.HELM_RELEASE, "apps", "web")


def offered(*given: Any, **more: Any) -> Offers:
    return offers(a_situation(*given, **more), nowhere_untouchable)


def planned(way: Method, *given: Any, **more: Any) -> RepairPlan:
    found = offered(*given, **more).by(way)
    assert isinstance(found, RepairPlan), found
    assert [mistake(each) for each in found.steps] == [""] * len(found.steps)
    return found


def refused(way: Method, *given: Any, **more: Any) -> PlanRefusal:
    found = offered(*given, **more).by(way)
    assert isinstance(found, PlanRefusal), found
    assert found.detail.endswith(".")
    return found


def test_a_plain_ingress_gets_the_annotation_first_and_the_conversion_beside_it() -> None:
    """One added key is smaller than another kind of object."""
    found = offered()
    assert [each.way for each in found.plans] == [Method.ANNOTATION, Method.CONVERSION]
    (step,) = planned(Method.ANNOTATION).steps
    assert step.action is Action.ANNOTATE_SERVICE
    assert (step.was, json.loads(step.to)) == ("{}", {ANNOTATION: "true"})


def test_an_ingressroute_gets_the_field_for_the_services_that_lead_to_the_failing_one() -> None:
    """The others are left as they are: nobody saw them fail."""
    route = a_route({"name": "other", "port": 80}, {"name": "web", "port": 80})
    (step,) = planned(Method.NATIVE_LB, route).steps
    assert json.loads(step.to) == [{"route": 0, "service": 1, "name": "web", "nativeLB": True}]
    assert offered(route).best == planned(Method.NATIVE_LB, route)


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        (Effect.USELESS, PlanReason.USELESS),
        (Effect.HARMS, PlanReason.HARMFUL),
        (Effect.IMPOSSIBLE, PlanReason.IMPOSSIBLE),
        (Effect.ALREADY, PlanReason.ALREADY),
        (Effect.NEEDLESS, PlanReason.NEEDLESS),
    ],
)
def test_what_the_evidence_is_against_is_refused_by_every_way(
    effect: Effect, reason: PlanReason
) -> None:
    """A wrong prescription is worse than none."""
    found = offered(diagnosis=with_effect(effect))
    assert not found.plans
    assert {each.reason for each in found.refusals.values()} == {reason}


@pytest.mark.parametrize("effect", [Effect.UNKNOWN, Effect.LOWERS])
def test_what_is_not_proven_is_a_trial_that_says_so(effect: Effect) -> None:
    plan = planned(Method.ANNOTATION, diagnosis=with_effect(effect))
    assert plan.trial
    assert "trial" in plan.risks[0]


def test_every_effect_is_either_planned_or_refused() -> None:
    """A new effect is thought of here."""
    for effect in Effect:
        found = offered(diagnosis=with_effect(effect))
        assert bool(found.plans) == (effect in {Effect.HELPS, Effect.UNKNOWN, Effect.LOWERS})


def test_the_handover_creates_proves_takes_away_and_drops_the_priority() -> None:
    """In this order; undone it is the reverse, and the Ingress comes back as it was."""
    made = an_ingress(metadata={"annotations": {"note": "kept"}, "uid": "x"})
    steps = planned(Method.CONVERSION, made).steps
    assert [each.action for each in steps] == [
        Action.LABEL_HAND_OVER,
        Action.CREATE_INGRESSROUTE,
        Action.DELETE_INGRESS,
        Action.LABEL_HAND_OVER,
        Action.SET_PRIORITY,
    ]
    label = {"meshmedic.dev/hand-over": "traefik.io"}
    assert (json.loads(steps[0].was), json.loads(steps[0].to)) == ({}, label)
    created = json.loads(steps[1].to)
    assert created["spec"]["routes"][0]["services"][0]["nativeLB"] is True
    assert created["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "meshmedic", **label}
    assert json.loads(steps[2].was)["metadata"] == {
        "name": "web",
        "namespace": "apps",
        "annotations": {"note": "kept"},
        "labels": label,
    }
    assert (json.loads(steps[3].was), json.loads(steps[3].to)) == (label, {})
    raised, last = json.loads(steps[4].was)[0], json.loads(steps[4].to)[0]
    assert raised["priority"] == len(raised["match"]) + 1
    assert last["priority"] in (None, len(raised["match"]))
    assert [each.action for each in undoing(steps)] == [each.action for each in reversed(steps)]


MIDDLEWARES = "traefik.ingress.kubernetes.io/router.middlewares"


def test_a_new_route_says_what_the_ingress_had_for_the_day_when_it_is_put_back() -> None:
    """The admission policy compares the Ingress with it; `*` is a rule for every host."""
    other = {"service": {"name": "other", "port": {"number": 80}}}
    rule = {"http": {"paths": [{"path": "/o", "pathType": "Prefix", "backend": other}]}}
    made = an_ingress(
        metadata={"annotations": {MIDDLEWARES: "a@file,b@file"}},
        rules=[*an_ingress()["spec"]["rules"], rule],
    )
    known = gather([a_service(), a_service(metadata={"name": "other"})])
    (created,) = (
        step.manifest
        for step in planned(Method.CONVERSION, made, known=known).steps
        if step.action is Action.CREATE_INGRESSROUTE
    )
    assert created["metadata"]["annotations"] == {
        "meshmedic.dev/replaces": "web",
        "meshmedic.dev/hosts": "*,web.example",
        "meshmedic.dev/services": "other,web",
        MIDDLEWARES: "a@file,b@file",
    }


def test_one_hand_over_at_a_time_in_a_namespace() -> None:
    """The label of another one would be compared as well, so nothing is planned beside it."""
    found = refused(Method.CONVERSION, an_ingress(), handing_over="Ingress apps/other")
    assert found.reason is PlanReason.HANDING_OVER
    assert "Ingress apps/other" in found.detail


def test_a_certificate_of_the_ingress_is_released_before_the_ingress_goes() -> None:
    """Else garbage collection takes it, and renewal stops; it is not given back."""
    notes = {"cert-manager.io/cluster-issuer": "letsencrypt"}
    made = an_ingress(
        metadata={"annotations": notes}, tls=[{"hosts": ["web.example"], "secretName": "web-tls"}]
    )
    owners = [{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "web", "uid": "u"}]
    live = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": "web-tls", "namespace": "apps", "ownerReferences": owners},
    }
    plan = planned(Method.CONVERSION, made, certificates={"web-tls": live})
    actions = [each.action for each in plan.steps]
    released = actions.index(Action.RELEASE_CERTIFICATE)
    assert released < actions.index(Action.DELETE_INGRESS)
    assert json.loads(plan.steps[released].to) == []
    assert Action.RELEASE_CERTIFICATE not in [each.action for each in undoing(plan.steps)]
    assert any("web-tls" in each for each in plan.risks)
    assert refused(Method.CONVERSION, made).reason is PlanReason.NOT_FAITHFUL


def test_flux_leaves_the_annotation_alone_and_takes_the_field_back_after_a_day() -> None:
    """An added map key survives; a list's field is paused on this one object, for a time."""
    plan = planned(Method.ANNOTATION, service_owner=FLUX)
    assert plan.returns_after == 0
    assert any("isn't in Git" in risk for risk in plan.risks)
    plan = planned(Method.NATIVE_LB, a_route(), route_owner=FLUX)
    assert [each.action for each in plan.steps] == [
        Action.PAUSE_RECONCILING,
        Action.SET_NATIVE_LB,
    ]
    assert plan.returns_after == 24 * 60
    paused = a_route(annotations={"kustomize.toolkit.fluxcd.io/reconcile": "disabled"})
    assert len(planned(Method.NATIVE_LB, paused, route_owner=FLUX).steps) == 1


@pytest.mark.parametrize(
    ("way", "reason", "route", "more"),
    [
        (Method.NATIVE_LB, PlanReason.REVERTED, a_route(), {"route_owner": HELM}),
        (Method.CONVERSION, PlanReason.REVERTED, an_ingress(), {"route_owner": FLUX}),
        (
            Method.CONVERSION,
            PlanReason.OWNED,
            an_ingress(metadata={"ownerReferences": [{"kind": "App", "name": "web"}]}),
            {},
        ),
        (
            Method.ANNOTATION,
            PlanReason.OWNED,
            an_ingress(),
            {"service_owner": ObjectOwner(Keeper.OTHER, name="Argo CD")},
        ),
        (Method.CONVERSION, PlanReason.OTHER_KIND, a_route(), {}),
        (Method.ANNOTATION, PlanReason.OTHER_KIND, a_route(), {}),
        (Method.NATIVE_LB, PlanReason.OTHER_KIND, an_ingress(), {}),
        (
            Method.NATIVE_LB,
            PlanReason.ALREADY,
            a_route({"name": "web", "nativeLB": True}),
            {},
        ),
        (
            Method.NATIVE_LB,
            PlanReason.PER_POD,
            a_route({"name": "web", "port": 80, "sticky": {"cookie": {}}}),
            {},
        ),
        (
            Method.ANNOTATION,
            PlanReason.PER_POD,
            an_ingress(),
            {
                "service": a_service(
                    metadata={
                        "annotations": {
                            "traefik.ingress.kubernetes.io/service.sticky.cookie": "true"
                        }
                    }
                )
            },
        ),
        (
            Method.CONVERSION,
            PlanReason.NOT_FAITHFUL,
            an_ingress(
                metadata={
                    "annotations": {
                        "traefik.ingress.kubernetes.io/router.middlewares": "b-x@kubernetescrd"
                    }
                }
            ),
            {},
        ),
        (
            Method.CONVERSION,
            PlanReason.TOO_LARGE,
            an_ingress(metadata={"annotations": {"note": "long " * 4000}}),
            {},
        ),
        (Method.ANNOTATION, PlanReason.TRAEFIK_UNSEEN, an_ingress(), {"traefik": None}),
        (Method.ANNOTATION, PlanReason.TRAEFIK_TOO_OLD, an_ingress(), {"version": "2.9.10"}),
        (
            Method.ANNOTATION,
            PlanReason.NOT_READ,
            an_ingress(),
            {"service": None, "unread": "It hangs."},
        ),
        (
            Method.ANNOTATION,
            PlanReason.NO_ROUTE,
            an_ingress(),
            {"subject": a_subject(route=None)},
        ),
        (
            Method.ANNOTATION,
            PlanReason.LOCAL_ONLY,
            an_ingress(),
            {"subject": a_subject(local_only=True)},
        ),
        (
            Method.ANNOTATION,
            PlanReason.HTTP_ROUTE,
            an_ingress(),
            {"subject": a_subject("HTTPRoute"), "service": None},
        ),
    ],
)
def test_each_refusal_says_why_and_what_to_do_instead(
    way: Method, reason: PlanReason, route: Any, more: dict[str, Any]
) -> None:
    """Source: facts on Traefik, "Refuse, with the reason, when"."""
    found = refused(way, route, **more)
    assert found.reason is reason
    assert str(found).endswith(reason.instead)


def test_of_an_http_route_every_way_is_refused_with_what_to_paste() -> None:
    """Traefik's annotation for it is another one than for an Ingress."""
    context = a_situation(subject=a_subject("HTTPRoute"))
    offered = offers(context, nowhere_untouchable)
    assert offered.plans == ()
    reasons = {(refusal.reason, refusal.paste) for refusal in offered.refusals.values()}
    pasted = 'metadata:\n  annotations:\n    traefik.io/service.nativelb: "true"\n'
    assert reasons == {(PlanReason.HTTP_ROUTE, pasted)}
    needless = a_situation(subject=a_subject("HTTPRoute"), diagnosis=with_effect(Effect.NEEDLESS))
    best = offers(needless, nowhere_untouchable).best
    assert isinstance(best, PlanRefusal)
    assert best.reason is PlanReason.NEEDLESS


def test_a_local_service_with_an_endpoint_on_every_edge_is_fine() -> None:
    at_home = EndpointAt(address="10.42.0.9", port=8080, node="edge")
    subject = a_subject(local_only=True, endpoints=(at_home,))
    assert offered(subject=subject).plans


def test_namespaces_that_are_never_touched_are_refused_with_the_reason() -> None:
    found = offers(a_situation(), lambda namespace: f"Namespace {namespace} is never changed.")
    assert {each.reason for each in found.refusals.values()} >= {PlanReason.UNTOUCHABLE}
    assert not found.plans


def test_the_plan_names_other_routes_of_the_same_service() -> None:
    """The annotation holds for all of them."""
    other = a_subject().route
    assert other
    plan = planned(Method.ANNOTATION, sharing=(other,) * 7)
    assert any("every Ingress of this Service" in each and "2 more" in each for each in plan.risks)


def test_the_evidence_begins_with_the_row_and_shows_failures_before_what_works() -> None:
    plan = planned(Method.ANNOTATION)
    assert plan.evidence[0].startswith("Cause (proven): Refused on edge.")
    assert plan.evidence[2] == "edge -> 10.42.1.5: refused 8 of 8"


def test_a_plan_is_the_same_whatever_was_measured_and_another_one_by_its_fields() -> None:
    """A latency that moved is no change; a field, an effect or a row is."""
    first = planned(Method.ANNOTATION)
    later = with_effect(Effect.HELPS)
    assert first.same(planned(Method.ANNOTATION, diagnosis=later))
    assert not first.same(planned(Method.ANNOTATION, diagnosis=with_effect(Effect.UNKNOWN)))
    changed = a_service(metadata={"annotations": {ANNOTATION: "false"}})
    assert not first.same(planned(Method.ANNOTATION, service=changed))


def test_the_switch_for_all_routes_is_pointed_out_where_most_need_it() -> None:
    helped, not_helped = (Effect.HELPS,), (Effect.USELESS,)
    assert "nativeLBByDefault" in offered(tested=helped * 3 + not_helped).hint
    assert not offered(tested=helped * 2).hint
    assert not offered(tested=helped * 2 + not_helped * 2).hint


def test_what_flux_keeps_is_best_changed_in_git() -> None:
    """The pull request goes first; which edit is the smallest that there is a file for."""
    found = offered(a_route(), route_owner=FLUX)
    assert [each.way for each in found.plans] == [Method.PULL_REQUEST, Method.NATIVE_LB]
    edit = decoded(found.plans[0].steps[0].to)
    assert isinstance(edit, FileEdit)
    assert (edit.kind, edit.services) == (EditKind.NATIVE_LB, (Chosen(0, 0, "web"),))


@pytest.mark.parametrize(
    ("owners", "kind"),
    [
        ({"service_owner": FLUX}, EditKind.ANNOTATE),
        ({"service_owner": FLUX, "route_owner": FLUX}, EditKind.ANNOTATE),
        ({"route_owner": FLUX}, EditKind.REPLACE),
        ({"service_owner": HELM, "route_owner": FLUX}, EditKind.ANNOTATE),
    ],
)
def test_an_ingress_of_flux_gets_the_smallest_edit_of_a_file(
    owners: dict[str, Any], kind: EditKind
) -> None:
    found = offered(**owners).by(Method.PULL_REQUEST)
    assert isinstance(found, RepairPlan)
    edit = decoded(found.steps[0].to)
    assert isinstance(edit, FileEdit)
    assert edit.kind is kind
    live = {EditKind.ANNOTATE: a_service(), EditKind.REPLACE: an_ingress()}[kind]
    assert not reached(edit, live)


def test_what_was_merged_is_there_when_the_live_object_says_so() -> None:
    """And a replaced Ingress when it is gone."""
    done = a_route({"name": "web", "port": 80, "nativeLB": True})
    field = FileEdit(kind=EditKind.NATIVE_LB, object=ROUTE, services=(Chosen(0, 0, "web"),))
    assert reached(field, done)
    assert not reached(field, a_route())
    assert not reached(field, a_route({"name": "other", "nativeLB": True}))
    assert not reached(field, None)
    noted = a_service(metadata={"annotations": {ANNOTATION: "true"}})
    assert reached(FileEdit(kind=EditKind.ANNOTATE, object=SERVICE), noted)
    assert reached(FileEdit(kind=EditKind.REPLACE, object=INGRESS), None)


def test_what_nobody_keeps_is_in_no_file() -> None:
    assert refused(Method.PULL_REQUEST).reason is PlanReason.NOT_KEPT
