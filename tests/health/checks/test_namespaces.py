"""Namespaces that do not end."""

from bot.domain.finding import Judgement
from bot.domain.verdict import Verdict
from bot.health.checks.namespaces import CHECK
from bot.health.offline import type_of
from tests.builders import Plain
from tests.health.checks.conditioned import a_thing, said
from tests.net.networks import ago, judged


def verdict(plain: Plain) -> Judgement:
    return judged(CHECK.judges[type_of(plain)], plain, live=False)


def test_an_active_namespace_is_healthy() -> None:
    """It is there, and nobody deletes it."""
    assert verdict(a_thing("Namespace", "apps", "v1", phase="Active")).verdict is Verdict.HEALTHY


def test_a_namespace_that_does_not_end_says_what_holds_it_up() -> None:
    """Its conditions name the finalizers and the content that remain."""
    held = said("NamespaceFinalizersRemaining", message="finalizers remain")
    stuck = a_thing("Namespace", "apps", "v1", held, meta={"deletionTimestamp": ago(hours=2)})
    found = verdict(stuck)
    assert (found.verdict, found.reason) == (Verdict.DEGRADED, "NamespaceFinalizersRemaining")


def test_what_a_finalizer_waits_for_is_told_once_it_is_held_and_not_for_the_kinds_that_remain() -> (
    None
):
    """A namespace that was just deleted is held by nobody."""
    kinds = "Some resources are remaining: applications.argoproj.io has 1 resource instances"
    finalizer = "finalizers remaining: resources-finalizer.argocd.argoproj.io in 1 resource"
    for words, minutes, told in ((kinds, 60, False), (finalizer, 60, True), (finalizer, 1, False)):
        held = said("NamespaceContentRemaining", message=words)
        meta = {"deletionTimestamp": ago(minutes=minutes)}
        found = verdict(a_thing("Namespace", "apps", "v1", held, meta=meta))
        assert ("Argo CD" in found.message) is told
