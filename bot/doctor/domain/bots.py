"""Whether every process of the bot works, and whether all of them elect one leader."""

from __future__ import annotations

from bot.doctor.domain.diagnostic import Area, Diagnostic, Topic
from bot.doctor.domain.facts import ClusterFacts, Setup
from bot.domain.facts import Denied
from bot.domain.refusal import NotObserved
from bot.domain.sentences import listed

PODS = Topic(Area.CLUSTER, "bot's pods")


def examine(facts: ClusterFacts, setup: Setup) -> Diagnostic:
    """The pods of the bot, here and elsewhere."""
    place = setup.state_namespace
    if isinstance(facts.bots, NotObserved | Denied):
        why = facts.bots.why or "The bot may not list pods."
        return PODS.unobserved(why)
    here = [pod for pod in facts.bots if pod.namespace == place]
    others = sorted({pod.namespace for pod in facts.bots if pod.ready} - {place})
    if troubled := [pod for pod in here if pod.trouble]:
        said = listed(
            (f"{pod.name} on {pod.node or 'no node'}: {pod.trouble}" for pod in troubled), 2
        )
        return PODS.failed(
            f"{len(troubled)} of {len(here)} cannot work. {said}.",
            f"Find out why: `kubectl -n {place} logs {troubled[0].name}` says more.",
        )
    if here and others:
        return PODS.warning(
            f"The bot runs in {listed(others)} as well as in {place}: each namespace elects a "
            "leader of its own, so two of them act.",
            "Delete one of them. To see both: "
            "`kubectl get pods -A -l app.kubernetes.io/name=meshmedic`.",
        )
    if not here:
        return PODS.note("None runs in this cluster.")
    ready = sum(pod.ready for pod in here)
    return PODS.ok(f"{ready} of {len(here)} are ready.")


def images(facts: ClusterFacts, setup: Setup) -> tuple[str, ...]:
    """The images that the bot's own pods run, each once."""
    if isinstance(facts.bots, NotObserved | Denied):
        return ()
    own = (pod for pod in facts.bots if pod.namespace == setup.state_namespace and pod.ready)
    return tuple(dict.fromkeys(pod.image for pod in own))
