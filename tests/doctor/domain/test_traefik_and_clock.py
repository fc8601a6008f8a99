"""Where Traefik is, whether its API can be asked, and what time it is."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.doctor.domain import clock, traefik
from bot.doctor.domain.diagnostic import Area, Diagnostic, DiagnosticOutcome
from bot.domain.facts import Denied
from bot.domain.finding import Ref
from bot.domain.refusal import NotObserved
from bot.routing import instance
from tests.doctor.domain.seen import TRAEFIK, a_cluster

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
LOST = NotObserved("no answer")


def examined(*args: str, **changes: object) -> dict[str, Diagnostic]:
    facts = a_cluster(**{"traefik": (replace(TRAEFIK, args=args),), **changes})
    return {each.name: each for each in traefik.examine(facts)}


@pytest.mark.parametrize(
    ("image", "label", "version"),
    [
        ("rancher/mirrored-library-traefik:3.3.6", "", "3.3.6"),
        ("docker.io/traefik:v2.11.8", "", "2.11.8"),
        ("traefik:v3.6", "", "3.6"),
        ("registry.home:5000/traefik:v3.6.2-alpine", "", "3.6.2"),
        ("traefik:v3.5.1@sha256:" + "a" * 64, "", "3.5.1"),
        ("traefik@sha256:" + "a" * 64, "v3.5.1", "3.5.1"),
        ("registry.home:5000/traefik", "", ""),
        ("traefik:latest", "3.1.0", "3.1.0"),
        ("traefik:latest", "main", ""),
    ],
)
def test_a_version_is_read_from_the_tag_else_from_the_label(image: str, label: str, version: str):
    """A port, a digest or a word is none."""
    assert instance.version(replace(TRAEFIK, image=image, version_label=label)) == version


def test_a_running_traefik_is_found_with_version_and_place():
    """Pods that end do not count."""
    found = examined(traefik=(TRAEFIK, replace(TRAEFIK, running=False)))["Traefik"]
    assert (found.outcome, found.observation) == (
        DiagnosticOutcome.OK,
        "3.6.2, 1 running in kube-system.",
    )


def test_a_traefik_too_old_for_native_lb_is_a_warning():
    """NativeLB came with 2.10."""
    old = replace(TRAEFIK, image="rancher/mirrored-library-traefik:2.9.10")
    found = examined(traefik=(old,))["Traefik"]
    assert found.outcome is DiagnosticOutcome.WARNING
    assert "Upgrade" in found.fix


def test_a_traefik_of_unknown_version_is_a_warning():
    """It runs, and what it can do is not known."""
    found = examined(traefik=(replace(TRAEFIK, image="traefik:latest"),))["Traefik"]
    assert found.outcome is DiagnosticOutcome.WARNING
    assert "version" in found.fix


def test_kinds_without_a_traefik_are_a_warning_and_neither_is_a_note():
    """Routes that nobody serves are a fault; another ingress controller is a choice."""
    assert examined(traefik=())["Traefik"].outcome is DiagnosticOutcome.WARNING
    assert examined(traefik=(), served={})["Traefik"].outcome is DiagnosticOutcome.NOTE


def test_pods_elsewhere_that_say_they_are_traefik_are_a_note_with_the_setting():
    """They may be a tenant's, or the owner's second one."""
    found = examined(elsewhere=("edge", "tenant"))["Traefik elsewhere"]
    assert found.outcome is DiagnosticOutcome.NOTE
    assert "run in edge, tenant." in found.observation
    assert "If it is yours, set MESHMEDIC_TRAEFIK_NAMESPACES=kube-system,traefik,edge," in found.fix
    assert "Traefik elsewhere" not in examined()


@pytest.mark.parametrize(
    ("args", "saw"),
    [
        (("--api.insecure=true",), "at port 8080. Not read"),
        (("--api.insecure", "--entryPoints.traefik.address=:9000/tcp"), "at port 9000. Not read"),
        (("--api.dashboard=true",), "Served only through a route to api@internal."),
        (("--api.insecure=false",), "Not switched on."),
        (("--providers.kubernetescrd",), "Not switched on."),
        (("--configFile=/traefik.yaml", "--api.insecure"), "Not tested"),
        ((), "Not tested"),
    ],
)
def test_an_api_that_nobody_read_is_told_by_the_arguments_and_never_called_good(
    args: tuple[str, ...], saw: str
):
    """Whether it is on, where, and else how to switch it on."""
    found = examined(*args)["Traefik API"]
    assert found.outcome is DiagnosticOutcome.NOTE
    assert saw in found.observation
    assert ("--api.insecure=true" in found.fix) == (found.observation == saw)


def test_pods_that_could_not_be_read_are_not_seen():
    """Forbidden names the permission."""
    assert examined(traefik=LOST)["Traefik"].outcome is DiagnosticOutcome.UNOBSERVED
    assert "may not list pods" in examined(traefik=Denied("403"))["Traefik"].observation


def test_an_api_that_may_be_read_is_told_by_what_came_of_it():
    """Who installed the component wants the API, and gets it or the reason."""
    lost = NotObserved("traefik-1: Traefik's API is not switched on.", instance.SEE_DOCTOR)
    closed = examined(traefik_api=lost)["Traefik API"]
    assert closed.outcome is DiagnosticOutcome.WARNING
    assert "is not switched on" in closed.observation
    assert "--api.insecure=true" in closed.fix
    assert "/doctor" not in closed.fix
    assert examined(traefik_api=True)["Traefik API"].outcome is DiagnosticOutcome.OK


def test_a_traefik_that_runs_in_another_namespace_than_the_settings_say_is_one_warning():
    """The namespace is named, with the setting; what cannot be read follows, and is not told."""
    found = examined(traefik=(), elsewhere=("edge",))
    assert set(found) == {"Traefik"}
    assert found["Traefik"].outcome is DiagnosticOutcome.WARNING
    assert "run in edge." in found["Traefik"].observation
    assert "MESHMEDIC_TRAEFIK_NAMESPACES=kube-system,traefik,edge." in found["Traefik"].fix
    assert "cannot say whether its routes work" in found["Traefik"].fix


@pytest.mark.parametrize("pods", [(TRAEFIK,), ()])
def test_pods_that_are_called_traefik_and_that_nothing_keeps_are_named(pods: object):
    """Beside a Traefik and without one; the first of many."""
    alone = tuple(Ref("Pod", "tenant", f"p-{number}") for number in range(9))
    found = examined(traefik=pods, impostors=alone)["Pods called Traefik"]
    assert found.outcome is DiagnosticOutcome.WARNING
    assert "tenant/p-0, tenant/p-1, tenant/p-2 and 6 more" in found.observation
    assert "does not count as Traefik" in found.observation
    assert "Pods called Traefik" not in examined(traefik=pods)


def test_of_several_versions_is_told_how_many_pods_run_each():
    older = replace(TRAEFIK, image="traefik:v3.5.0")
    found = examined(traefik=(TRAEFIK, TRAEFIK, older))["Traefik"]
    assert found.observation == "3.6.2 (2) and 3.5.0 (1), 3 running in kube-system."


@pytest.mark.parametrize(
    ("skew", "outcome", "saw"),
    [
        (0.0, DiagnosticOutcome.OK, "Within 5 s"),
        (-5.0, DiagnosticOutcome.OK, "Within 5 s"),
        (6.0, DiagnosticOutcome.WARNING, "6 s ahead of Discord's"),
        (-61.0, DiagnosticOutcome.FAILED, "61 s behind Discord's"),
        (None, DiagnosticOutcome.UNOBSERVED, "no date"),
    ],
)
def test_a_clock_is_judged_by_its_distance(
    skew: float | None, outcome: DiagnosticOutcome, saw: str
):
    """A clock that is off is named with its direction, and has a fix."""
    found = clock.examine(Area.DISCORD, "Discord's", skew, "no date")
    assert found.outcome is outcome
    assert saw in found.observation
    assert ("NTP" in found.fix) == (
        outcome in (DiagnosticOutcome.WARNING, DiagnosticOutcome.FAILED)
    )
