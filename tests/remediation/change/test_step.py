"""A step does what its words say and nothing else, once, and can be taken back."""

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.finding import Target
from bot.remediation.change.fields import FIELDS, HAND_OVER, Action
from bot.remediation.change.step import MOST, Step, StepProgress, mistake, progress, step, written
from bot.routing.native_lb import ANNOTATION

Manifest = dict[str, Any]

SERVICE = Target("Service", "apps", "web")
ROUTE = Target("IngressRoute", "apps", "web", "traefik.io")
INGRESS = Target("Ingress", "apps", "web", "networking.k8s.io")
names = st.sampled_from(["web", "api", "db"])
ours = {"app.kubernetes.io/managed-by": "meshmedic"}


def an_object(target: Target, api: str, **more: Any) -> Manifest:
    metadata = {"namespace": target.namespace, "name": target.name}
    return {"apiVersion": api, "kind": target.kind, "metadata": metadata, **more}


def a_route(routes: list[Manifest]) -> Manifest:
    return an_object(ROUTE, "traefik.io/v1alpha1", spec={"entryPoints": ["web"], "routes": routes})


services = st.fixed_dictionaries(
    {"name": names, "port": st.integers(1, 99)}, optional={"nativeLB": st.booleans()}
)
routes = st.lists(
    st.fixed_dictionaries(
        {"match": st.text(max_size=9), "services": st.lists(services, min_size=1, max_size=3)},
        optional={"priority": st.integers(0, 99), "middlewares": st.just([{"name": "auth"}])},
    ),
    min_size=1,
    max_size=3,
)
annotations = st.dictionaries(
    st.sampled_from([ANNOTATION, "a", "b"]), st.sampled_from(["true", "false", "x"])
)


@st.composite
def of_a_service(draw: st.DrawFn) -> tuple[Manifest, Step]:
    live = an_object(SERVICE, "v1", spec={"clusterIP": "10.43.0.7"})
    if (given := draw(st.none() | annotations)) is not None:
        live["metadata"]["annotations"] = given
    now = (given or {}).get(ANNOTATION)
    wanted = draw(st.sampled_from([each for each in ("true", "false") if each != now]))
    was = {} if now is None else {ANNOTATION: now}
    return live, step(Action.ANNOTATE_SERVICE, SERVICE, was, {ANNOTATION: wanted})


@st.composite
def of_a_route(draw: st.DrawFn) -> tuple[Manifest, Step]:
    live = a_route(draw(routes))
    at = [
        (i, j, each)
        for i, route in enumerate(live["spec"]["routes"])
        for j, each in enumerate(route["services"])
    ]
    chosen = draw(st.lists(st.sampled_from(at), min_size=1, unique_by=lambda each: each[:2]))
    was = [
        {"route": i, "service": j, "name": each["name"], "nativeLB": each.get("nativeLB")}
        for i, j, each in chosen
    ]
    to = [{**each, "nativeLB": each["nativeLB"] is not True} for each in was]
    return live, step(Action.SET_NATIVE_LB, ROUTE, was, to)


@st.composite
def of_priorities(draw: st.DrawFn) -> tuple[Manifest, Step]:
    live = a_route(draw(routes))
    was = [
        {"route": i, "match": each["match"], "priority": each.get("priority")}
        for i, each in enumerate(live["spec"]["routes"])
    ]
    to = [{**each, "priority": 1 + (each["priority"] or 0)} for each in was]
    return live, step(Action.SET_PRIORITY, ROUTE, was, to)


in_place = of_a_service() | of_a_route() | of_priorities()


def without(text: str, manifest: Manifest) -> object:
    """All but what that action may write, by an own reading of it."""
    rest = copy.deepcopy(manifest)
    if text == Action.ANNOTATE_SERVICE:
        kept = rest["metadata"].pop("annotations", None) or {}
        return rest, {key: value for key, value in kept.items() if key != ANNOTATION}
    for route in rest["spec"]["routes"]:
        if text == Action.SET_PRIORITY:
            route.pop("priority", None)
        for service in route["services"]:
            if text == Action.SET_NATIVE_LB:
                service.pop("nativeLB", None)
    return rest


@given(in_place)
def test_it_writes_its_place_and_nothing_else(each: tuple[Manifest, Step]) -> None:
    live, made = each
    before = copy.deepcopy(live)
    assert mistake(made) == ""
    assert progress(made, live) is StepProgress.TO_DO
    after = written(made, live)
    assert after is not None
    assert live == before
    assert progress(made, after) is StepProgress.DONE
    assert without(made.action, after) == without(made.action, before)


@given(in_place)
def test_undone_it_is_as_before(each: tuple[Manifest, Step]) -> None:
    live, made = each
    after = written(made, live)
    assert mistake(made.undo) == ""
    assert progress(made.undo, after) is StepProgress.TO_DO
    back = written(made.undo, after)
    assert back is not None
    # An empty map of annotations is none.
    for one in (back, live):
        if not one["metadata"].get("annotations"):
            one["metadata"].pop("annotations", None)
    assert back == live


@given(in_place)
def test_an_object_that_is_gone_is_changed(each: tuple[Manifest, Step]) -> None:
    assert progress(each[1], None) is StepProgress.CHANGED


@given(of_a_route(), names)
def test_a_list_that_somebody_reordered_is_changed(each: tuple[Manifest, Step], name: str) -> None:
    live, made = each
    at = msgspec.json.decode(made.to)[0]
    service = live["spec"]["routes"][at["route"]]["services"][at["service"]]
    service["name"] = f"{name}-2"
    assert progress(made, live) is StepProgress.CHANGED
    live["spec"]["routes"] = []
    assert progress(made, live) is StepProgress.CHANGED


def test_an_ingressroute_is_made_once_and_taken_away_again() -> None:
    made = a_route([{"match": "Host(`a`)"}])
    made["metadata"]["labels"] = ours
    each = step(Action.CREATE_INGRESSROUTE, ROUTE, None, made)
    assert mistake(each) == mistake(each.undo) == ""
    assert progress(each, None) is StepProgress.TO_DO
    assert written(each, None) == made
    live = {**made, "metadata": {**made["metadata"], "uid": "1", "resourceVersion": "9"}}
    assert progress(each, live) is StepProgress.DONE
    assert progress(each.undo, live) is StepProgress.TO_DO
    assert written(each.undo, live) is None
    other = {**live, "spec": {"routes": []}}
    assert progress(each, other) is progress(each.undo, other) is StepProgress.CHANGED


def test_an_ingress_that_is_gone_is_put_back_as_it_was() -> None:
    was = an_object(INGRESS, "networking.k8s.io/v1", spec={"rules": []})
    each = step(Action.DELETE_INGRESS, INGRESS, was, None)
    assert mistake(each) == ""
    assert progress(each, {**was, "status": {"loadBalancer": {}}}) is StepProgress.TO_DO
    assert progress(each, None) is StepProgress.DONE
    assert written(each.undo, None) == was


@pytest.mark.parametrize("target", [INGRESS, ROUTE], ids=["Ingress", "IngressRoute"])
def test_the_label_of_a_hand_over_is_set_and_taken_off_and_nothing_else_changes(
    target: Target,
) -> None:
    """Without another label there are none afterwards, as before."""
    label = {HAND_OVER: "traefik.io"}
    each = step(Action.LABEL_HAND_OVER, target, {}, label)
    assert mistake(each) == ""
    for labels in ({}, {"app": "web"}):
        live: Manifest = {"metadata": {"name": "web", **({"labels": labels} if labels else {})}}
        assert progress(each, live) is StepProgress.TO_DO
        after = written(each, live)
        assert after == {"metadata": {"name": "web", "labels": {**labels, **label}}}
        assert progress(each, after) is StepProgress.DONE
        assert written(each.undo, after) == live


NATIVE = {"route": 0, "service": 0, "name": "web", "nativeLB": True}
NONE = {**NATIVE, "nativeLB": None}


@pytest.mark.parametrize(
    "tampered",
    [
        step(Action.OPEN_PULL_REQUEST, ROUTE, None, {}),
        step(Action.ANNOTATE_SERVICE, ROUTE, {}, {ANNOTATION: "true"}),
        step(Action.ANNOTATE_SERVICE, SERVICE, {}, {"other": "true"}),
        step(Action.ANNOTATE_SERVICE, SERVICE, {}, {ANNOTATION: True}),
        step(Action.ANNOTATE_SERVICE, SERVICE, {}, {}),
        step(Action.ANNOTATE_SERVICE, SERVICE, None, {ANNOTATION: "true"}),
        step(Action.SET_NATIVE_LB, ROUTE, [NONE], [{**NATIVE, "port": 1}]),
        step(Action.SET_NATIVE_LB, ROUTE, [NONE], [{**NATIVE, "service": 1}]),
        step(Action.SET_NATIVE_LB, ROUTE, [NONE], [{**NATIVE, "name": "db"}]),
        step(Action.SET_NATIVE_LB, ROUTE, [NONE], [{**NATIVE, "nativeLB": "yes"}]),
        step(Action.SET_NATIVE_LB, ROUTE, [NONE], [NATIVE, NATIVE]),
        step(Action.SET_NATIVE_LB, ROUTE, [{**NONE, "route": -1}], [{**NATIVE, "route": -1}]),
        step(Action.LABEL_HAND_OVER, SERVICE, {}, {HAND_OVER: "traefik.io"}),
        step(Action.LABEL_HAND_OVER, INGRESS, {}, {"other": "traefik.io"}),
        step(Action.LABEL_HAND_OVER, INGRESS, {}, {HAND_OVER: "traefik.io", "other": "a"}),
        step(Action.LABEL_HAND_OVER, INGRESS, {}, {HAND_OVER: "a.example"}),
        step(Action.LABEL_HAND_OVER, ROUTE, None, {HAND_OVER: "traefik.io"}),
        step(Action.CREATE_INGRESSROUTE, ROUTE, None, a_route([])),
        step(Action.CREATE_INGRESSROUTE, ROUTE, a_route([]), None),
        step(
            Action.CREATE_INGRESSROUTE,
            Target("IngressRoute", "kube-system", "web", "traefik.io"),
            None,
            {**a_route([]), "metadata": {"namespace": "apps", "name": "web", "labels": ours}},
        ),
        step(Action.DELETE_INGRESS, INGRESS, {"metadata": {}}, None),
        step(
            Action.DELETE_INGRESS,
            Target("Ingress", "", "web", "networking.k8s.io"),
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "Ingress",
                "metadata": {"name": "web"},
            },
            None,
        ),
        Step(Action.ANNOTATE_SERVICE, SERVICE, was="{}", to="{"),
        Step(Action.ANNOTATE_SERVICE, SERVICE, was="{}", to=f'{{"a":"{"x" * MOST}"}}'),
    ],
)
def test_a_step_that_was_tampered_with_is_no_step(tampered: Step) -> None:
    assert mistake(tampered)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["route", "service", "name", "metadata", "labels"]), inner
        )
    ),
    max_leaves=8,
)


@given(
    st.sampled_from(list(Action)),
    st.sampled_from([SERVICE, ROUTE, INGRESS]),
    json,
    json,
    st.none() | st.just(a_route([])),
)
def test_whatever_is_stored_is_read_or_refused(
    action: Action, target: Target, was: object, to: object, live: Manifest | None
) -> None:
    """What is no mistake can be carried out on any object."""
    each = step(action, target, was, to)
    if not mistake(each):
        assert progress(each, live) in StepProgress


def test_every_action_that_writes_in_the_cluster_has_a_place() -> None:
    assert FIELDS.keys() == set(Action) - {Action.OPEN_PULL_REQUEST}
