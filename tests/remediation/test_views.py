"""What a change shows of itself: only what really changes, and where it stands in the object."""

import json

from bot.domain.finding import Target
from bot.remediation.change.fields import Action
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.step import Step
from bot.remediation.views import text

AT = Target("IngressRoute", "apps", "web", "traefik.io")


def difference(action: Action, was: object, to: object) -> list[str]:
    """The lines of one step, without its title."""
    step = Step(action, AT, was=json.dumps(was), to=json.dumps(to))
    plan = RepairPlan(
        target=str(AT),
        way=Method.NATIVE_LB,
        asked="ingressroute/apps/web",
        host="web.example",
        path="/",
        row="redirect",
        effect="helps",
        steps=(step,),
    )
    return [line for line in text.difference(plan) if not line.startswith("@@")]


def test_a_field_in_a_list_is_named_by_its_path() -> None:
    """A dash of YAML would look like a removed line, and the place isn't a field of the object."""
    place = {"route": 0, "service": 1, "name": "web"}
    lines = difference(Action.SET_NATIVE_LB, [place], [{**place, "nativeLB": True}])
    assert lines == ["+spec.routes[0].services[1].nativeLB: true"]


def test_a_dropped_priority_is_one_removed_line() -> None:
    place = {"route": 2, "match": "Host(`web.example`)"}
    lines = difference(
        Action.SET_PRIORITY, [{**place, "priority": 39}], [{**place, "priority": None}]
    )
    assert lines == ["-spec.routes[2].priority: 39"]


def test_removed_owners_are_shown_whole() -> None:
    owners = [{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "web"}]
    lines = difference(Action.RELEASE_CERTIFICATE, owners, [])
    assert "-  kind: Ingress" in lines
    assert all(line.startswith("-") for line in lines)
