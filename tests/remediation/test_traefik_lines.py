"""What is noted of Traefik's own view after a change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.finding import Ref, Target
from bot.net.diagnosis.observation import Belief
from bot.net.diagnosis.subject import Subject
from bot.remediation import traefik_view as sight
from bot.remediation.change.fields import Action
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.step import step

VIP = "10.43.0.9"
SUBJECT = Subject(name="a", service=Ref("Service", "apps", "web"), port=80, vips=(VIP, "fd00::9"))
TO_VIP = Belief(servers=((VIP, 80),), of="API")
CASES = {
    "the VIP": (TO_VIP, "Traefik's own view (API): it sends to 10.43.0.9:80, the VIP."),
    "its other family": (
        Belief(servers=(("fd00::9", 80),), of="log"),
        "Traefik's own view (log): it sends to [fd00::9]:80, the VIP.",
    ),
    "a pod beside": (
        Belief(servers=(("10.42.0.3", 80), (VIP, 80)), of="API"),
        "Traefik's own view (API): it sends to 10.42.0.3:80, 10.43.0.9:80, and not to the VIP "
        "10.43.0.9, fd00::9 alone.",
    ),
    "not seen": (
        Belief(unseen=("Its API is off.",)),
        "Traefik's own view of the VIP was not seen. Its API is off.",
    ),
    "no server": (
        Belief(servers=(), of="API"),
        "Traefik's own view of the VIP was not seen. It names no server of this route.",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_line_says_where_requests_go(case: str) -> None:
    belief, said = CASES[case]
    assert sight.line(belief, SUBJECT) == said


@given(st.text(max_size=3000))
def test_a_line_is_never_longer_than_the_kind_takes(why: str) -> None:
    assert len(sight.line(Belief(unseen=(why,)), SUBJECT)) <= sight.LONGEST


def test_a_secret_in_a_reason_is_not_told() -> None:
    assert "hunter22" not in sight.unseen("password=hunter22")


def a_plan(*made: str) -> RepairPlan:
    steps = tuple(
        step(
            Action.CREATE_INGRESSROUTE, Target("IngressRoute", "apps", each, "traefik.io"), None, {}
        )
        for each in made
    )
    return RepairPlan(
        target="Ingress apps/web",
        way=Method.CONVERSION if made else Method.ANNOTATION,
        asked="ingress/apps/web a.example/",
        host="a.example",
        path="/",
        row="redirect",
        effect="helps",
        steps=steps,
    )


def test_after_a_conversion_its_ingress_routes_are_asked_for() -> None:
    """The Ingress is gone then."""
    assert sight.names(a_plan()) == ("ingress/apps/web a.example/",)
    assert sight.names(a_plan("web")) == (
        "ingressroute/apps/web a.example/",
        "ingressroute/apps/web",
    )
