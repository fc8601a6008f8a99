"""Whether what tests the network is installed, may be used, and does what the bot asks."""

from __future__ import annotations

from collections.abc import Iterator

from bot.doctor.domain.bots import images
from bot.doctor.domain.cluster import answered, permitted
from bot.doctor.domain.diagnostic import Area, Diagnostic, Topic
from bot.doctor.domain.facts import ClusterFacts, Right, Setup
from bot.domain.facts import Denied
from bot.domain.finding import Ref
from bot.domain.refusal import NotObserved
from bot.domain.sentences import listed
from bot.domain.temporary import NAMESPACE

PROBER = Topic(Area.TRAEFIK, "prober")
LEFT_BEHIND = Topic(Area.TRAEFIK, "objects of tests")
COMPONENT = "deploy/components/prober"

NAMED = 4
"""Objects that are named in one sentence."""


def wanted() -> tuple[Right, ...]:
    """The rights that a test by Jobs needs in the prober's namespace."""
    written = (("batch", "jobs"), ("", "services"), ("discovery.k8s.io", "endpointslices"))
    return (
        *(
            Right(verb, group, resource, NAMESPACE)
            for group, resource in written
            for verb in ("create", "delete")
        ),
        Right("list", "", "pods", NAMESPACE),
        Right("get", "", "pods/log", NAMESPACE),
    )


def examine(facts: ClusterFacts, setup: Setup) -> Iterator[Diagnostic]:
    """The prober's namespace, permissions and image, and what tests left behind."""
    yield _prober(facts, setup)
    if isinstance(facts.left_behind, tuple) and facts.left_behind:
        yield _left_behind(facts.left_behind)


def _prober(facts: ClusterFacts, setup: Setup) -> Diagnostic:
    if isinstance(facts.probe, NotObserved):
        return PROBER.unobserved(facts.probe.why)
    if isinstance(facts.probe, Denied):
        return PROBER.unobserved(f"The bot may not get the namespace {NAMESPACE}.")
    if not facts.probe:
        return _not_installed(setup)
    bots = images(facts, setup)
    if setup.probe_image and bots and setup.probe_image not in bots:
        return PROBER.warning(
            f"Pods that probe run {setup.probe_image}, and the bot runs {listed(bots)}: another "
            "version may not understand its jobs.",
            "Remove MESHMEDIC_PROBE_IMAGE: the pods then run the bot's own image.",
        )
    answers = answered(facts, wanted())
    granted = f"Installed in the namespace {NAMESPACE}."
    return permitted(PROBER, answers, f" in {NAMESPACE}", granted, COMPONENT)


def _not_installed(setup: Setup) -> Diagnostic:
    if not setup.prober_settings:
        return PROBER.note("Optional, and not installed.")
    names = listed(setup.prober_settings)
    verb = "is" if len(setup.prober_settings) == 1 else "are"
    return PROBER.warning(
        f"{names} {verb} set for it, but there is no namespace {NAMESPACE}: nothing can be tested.",
        f"Apply {COMPONENT}, or remove the setting.",
    )


def _left_behind(refs: tuple[Ref, ...]) -> Diagnostic:
    """Kubernetes removes a test's objects by itself, so that something has kept it from that."""
    names = [f"{ref.kind.lower()}/{ref.name}" for ref in refs]
    count = "1 object" if len(refs) == 1 else f"{len(refs)} objects"
    return LEFT_BEHIND.warning(
        f"{count} of the bot's own tests stayed in the namespace {NAMESPACE}: "
        f"{listed(names, NAMED)}.",
        f"Run `kubectl -n {NAMESPACE} delete {' '.join(names[:NAMED])}`. If more stay, look at the "
        "Job controller: it removes what has ended.",
    )
