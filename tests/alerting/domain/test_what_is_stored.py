"""What an incident keeps of a finding: what its card says and offers, and no log line."""

from datetime import timedelta

from msgspec.structs import replace

from bot.alerting.domain.incident import Alerts, Incident
from bot.alerting.domain.rules import AlertRoute, Rules
from bot.alerting.domain.transitions import advance
from bot.alerting.views import discord as cards
from bot.domain.containers import CONTAINER, MEMORY_LIMIT
from bot.domain.finding import Evidence, Finding, Ref
from bot.domain.report import Report
from bot.domain.verdict import Verdict
from bot.net.diagnosis.workaround import NATIVE_LB_HELPS
from tests.alerting.domain.test_transitions import START
from tests.health.views.test_discord import texts

RULES = Rules(routes=(AlertRoute(1),))
CRASHED = Finding(
    check="pods",
    subject=Ref("Pod", "media", "jellyfin-6d5f7c9b8d-x2x4z"),
    verdict=Verdict.FAILED,
    reason="CrashLoopBackOff",
    message="Container jellyfin ended: Error, exit code 134 (SIGABRT).",
    evidence=(
        Evidence(CONTAINER, "jellyfin"),
        Evidence("last termination of jellyfin", "Error, exit code 134: std::bad_alloc"),
        Evidence(f"{MEMORY_LIMIT}jellyfin", "512Mi"),
    ),
    follows=(Ref("Node", "", "home-1"), Ref("Secret", "media", "keys")),
    known_as=Ref("Deployment", "media", "jellyfin"),
)


def a_route(kind: str, name: str, reason: str = NATIVE_LB_HELPS) -> Finding:
    return Finding(
        check=f"routes-{kind.lower()}",
        subject=Ref(kind, "apps", name),
        verdict=Verdict.FAILED,
        reason=reason,
        message="",
    )


def incidents(*looks: tuple[Finding, ...]) -> tuple[Incident, ...]:
    """After a quiet look and these, a minute each."""
    state: Alerts | None = None
    for minute, findings in enumerate(((), *looks)):
        report = Report(START + timedelta(minutes=minute), findings, (), {"Pod": 9, "Ingress": 9})
        state = advance(state, report, RULES)
    assert state
    return state.incidents


def test_node_container_and_limit_are_kept_and_what_may_quote_a_log_is_not() -> None:
    (one,) = incidents(*[(CRASHED,)] * 5)
    assert [item.label for item in one.head.evidence] == [CONTAINER, f"{MEMORY_LIMIT}jellyfin"]
    assert one.head.follows == (Ref("Node", "", "home-1"),)
    shown = "\n".join(texts(cards.incident(one)))
    first, *_ = shown.splitlines()
    assert first == "### ❌ `jellyfin` is crash-looping · `media` on `home-1`"
    assert "exit code 134 (SIGABRT)" in shown
    assert "bad_alloc" not in shown
    assert "x2x4z" in shown, "in the command alone"
    assert "x2x4z" not in "".join(line for line in shown.splitlines() if "kubectl" not in line)


def test_a_route_that_a_test_proved_nativelb_to_help_can_be_fixed() -> None:
    """By the name that `/fix route` takes; it cannot change an HTTPRoute."""
    routes = (
        a_route("IngressRoute", "shop"),
        a_route("HTTPRoute", "blog"),
        a_route("Ingress", "wiki"),
    )
    offered = [one.repairs for one in incidents(*[routes] * 5)]
    assert sorted(offered) == [(), ("ingress/apps/wiki",), ("ingressroute/apps/shop",)]


def test_a_fix_that_is_proven_later_is_a_line() -> None:
    """So its button appears."""
    unknown, proven = a_route("Ingress", "wiki", "RequestsFail"), a_route("Ingress", "wiki")
    (one,) = incidents(*[(unknown,)] * 5, (proven,))
    assert one.repairs == ("ingress/apps/wiki",)
    assert one.timeline[-1].what == "a tested fix is available: nativeLB"
    (before,) = incidents(*[(unknown,)] * 6)
    assert before.repairs == ()
    assert one.revision > before.revision


def test_private_findings_offer_nothing() -> None:
    """Only who asked for the test knows of them."""
    private = replace(a_route("Ingress", "wiki"), private=True)
    assert incidents(*[(private,)] * 5) == ()
