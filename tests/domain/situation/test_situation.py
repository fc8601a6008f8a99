"""A finding as a sentence: the noun that people know, and what is wrong with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.finding import Finding, Ref
from bot.domain.situation.situation import FAMILIES, situation, situation_of
from bot.domain.verdict import Verdict

OOM = "Container ml ended: OOMKilled, exit code 137 at 2026-11-23 11:56:00 UTC."


def a_finding(
    kind: str,
    reason: str,
    message: str = "",
    *,
    name: str = "web",
    known_as: Ref | None = None,
    verdict: Verdict = Verdict.FAILED,
) -> Finding:
    return Finding(
        check="any",
        subject=Ref(kind, "apps", name),
        verdict=verdict,
        reason=reason,
        message=message,
        known_as=known_as,
    )


def said(*args: str, **rest: object) -> str:
    return situation(a_finding(*args, **rest)).sentence()  # type: ignore[arg-type]


JELLYFIN = Ref("Deployment", "media", "jellyfin")


@pytest.mark.parametrize(
    ("sentence", "kind", "reason", "message", "known_as"),
    [
        ("jellyfin is crash-looping", "Pod", "CrashLoopBackOff", "", JELLYFIN),
        (
            "jellyfin was killed for lack of memory, 6 restarts",
            "Pod",
            "CrashLoopBackOff",
            f"{OOM} It was restarted 6 times.",
            JELLYFIN,
        ),
        (
            "Certificate site can't be issued",
            "Challenge",
            "Invalid",
            "acme: timeout",
            Ref("Certificate", "web", "site"),
        ),
        (
            "Secret paperless-env isn't synced, permission denied",
            "ExternalSecret",
            "SecretSyncedError",
            "could not get secret data from provider: permission denied",
            Ref("Secret", "apps", "paperless-env"),
        ),
        (
            "forgejo.example.org points at missing Service forgejo-http",
            "IngressRoute",
            "ServiceNotFound",
            "Service productivity/forgejo-http does not exist.",
            Ref("Site", "productivity", "forgejo.example.org"),
        ),
        ("Node web isn't ready", "Node", "NotReady", "", None),
        ("web is suspended in Flux", "HelmRelease", "Suspended", "", None),
        ("Service web has no ready pod", "Service", "NoReadyEndpoints", "", None),
    ],
)
def test_a_sentence_begins_with_what_people_know(
    sentence: str, kind: str, reason: str, message: str, known_as: Ref | None
) -> None:
    assert said(kind, reason, message, known_as=known_as) == sentence


def test_what_is_under_way_is_not_a_trouble_yet() -> None:
    """A pod that starts, and one that takes too long to start, have one reason."""
    assert said("Pod", "ContainerCreating", verdict=Verdict.PROGRESSING) == "Pod web is starting"
    assert said("Pod", "ContainerCreating", verdict=Verdict.DEGRADED) == "Pod web doesn't start"


def test_a_reason_without_a_phrase_is_quoted() -> None:
    """A controller of the cluster may write any word there."""
    strange = situation(a_finding("Pod", "TheirOwnWord"))
    assert strange.sentence() == "Pod web: TheirOwnWord"
    assert strange.sentence(quoted=lambda text: f"`{text}`") == "Pod web: `TheirOwnWord`"


def test_a_fault_is_known_by_its_place() -> None:
    name = "edge: redirect"
    assert said("Fault", "Redirect", name=name) == "edge has a NAT rule that intercepts pod traffic"


def test_a_record_without_the_name_and_the_message_is_still_a_sentence() -> None:
    """Those of earlier versions have neither."""
    pod = Ref("Pod", "media", "jellyfin-7d9f-x2x")
    stored = situation_of(pod, "CrashLoopBackOff", Verdict.FAILED)
    assert stored.sentence() == "Pod jellyfin-7d9f-x2x is crash-looping"


REASONS = sorted({reason for rows in FAMILIES.values() for row in rows for reason in row.reasons})


@given(kind=st.sampled_from(sorted(FAMILIES)), reason=st.sampled_from(REASONS), message=st.text())
def test_a_message_never_breaks_a_sentence(kind: str, reason: str, message: str) -> None:
    """Messages come from the cluster: only a name of an object gets into a phrase."""
    rest = situation(a_finding(kind, reason, message)).rest(lambda fact: f"<{fact}>")
    assert "{" not in rest
    assert "\n" not in rest


HOSTILE = "Service media/**[click](https://phish.example.org)** does not exist."


def test_markup_in_the_place_of_a_name_is_left_out() -> None:
    shown = said("IngressRoute", "ServiceNotFound", HOSTILE)
    assert shown == "IngressRoute web points at a missing Service"
