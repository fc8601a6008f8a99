"""Whether the agents of the prober run, know the bot, and do its jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.doctor.domain.bots import images
from bot.doctor.domain.diagnostic import Area, Diagnostic, Topic
from bot.doctor.domain.facts import AgentsFacts, ClusterFacts, Setup
from bot.domain.facts import Denied
from bot.domain.refusal import NotObserved
from bot.domain.sentences import listed
from bot.domain.temporary import NAMESPACE
from bot.net.probing.agent_configmaps import KEYS, PEERS
from bot.net.probing.signed_job import BY_CLOCK, REFUSED

AGENTS = Topic(Area.TRAEFIK, "agents")
COMPONENT = "deploy/components/prober-daemonset"
WHY = 160
"""Characters of what an agent said."""

FRESH = 150.0
"""Seconds that a kubelet may take to bring a new key to its agent, and some more."""

AGAIN = f"Apply {COMPONENT} again. The bot fills it within a minute."
PODS = f"Check the pods: `kubectl -n {NAMESPACE} get pods -o wide`."
ANSWERS = (
    "Look at the NetworkPolicies `meshmedic-probe-agents` in the namespaces meshmedic and "
    f"{NAMESPACE}, and at the agents' logs. An agent reads a new key within two minutes."
)

UNCHECKED = "MESHMEDIC_ROUTE_CHECKS is on, and no agents are installed: no site is checked."
CLOCKS = (
    "Compare the clocks: run `date -u` there and on the bot's node, and let NTP set the one that "
    "is wrong. Jobs are good for a minute."
)


def examine(
    facts: AgentsFacts | Denied | NotObserved | None, cluster: ClusterFacts, setup: Setup
) -> Iterator[Diagnostic]:
    """One diagnostic with the first fault, since the others follow from it.

    None without agents, unless the settings want what only agents do.
    """
    match facts:
        case None:
            if setup.route_checks:
                yield AGENTS.warning(UNCHECKED, f"Apply {COMPONENT}, or remove the setting.")
        case NotObserved(why):
            yield AGENTS.unobserved(why)
        case Denied(why):
            yield AGENTS.unobserved(f"The agents may not be read: {why}")
        case AgentsFacts():
            yield _configured(facts) or _running(facts) or _same(facts, cluster, setup)


def _configured(facts: AgentsFacts) -> Diagnostic | None:
    if facts.knows_bot is None:
        saw = (
            f"There is no ConfigMap {NAMESPACE}/{KEYS}, so no agent accepts the bot's jobs: "
            "probes run as Jobs."
        )
        return AGENTS.failed(saw, AGAIN)
    if not facts.knows_bot:
        saw = f"The ConfigMap {NAMESPACE}/{KEYS} lacks the bot's key, so agents refuse its jobs."
        fix = "The bot writes it within a minute. If not, check what else writes there."
        return AGENTS.failed(saw, fix)
    if not facts.has_peers:
        saw = f"There is no ConfigMap {NAMESPACE}/{PEERS}, so the agents do not try each other."
        return AGENTS.failed(saw, AGAIN)
    return None


def _running(facts: AgentsFacts) -> Diagnostic | None:
    ready = sum(pod.ready for pod in facts.pods)
    if ready < facts.nodes:
        troubles = [
            f"{pod.node}: {pod.trouble or 'not ready'}" for pod in facts.pods if not pod.ready
        ]
        why = f": {listed(troubles, 3)}" if troubles else ""
        return AGENTS.warning(f"{ready} of {facts.nodes} are ready{why}.", PODS)
    if facts.refusals:
        saw = f"The agents on {_by_reason(facts.refusals)}."
        by_clock = [_is_by_clock(why) for why in facts.refusals.values()]
        if all(by_clock):
            return AGENTS.failed(saw, CLOCKS)
        if any(by_clock):
            return AGENTS.failed(saw, f"{CLOCKS} {ANSWERS}")
        if facts.told_ago < FRESH and all(
            why.startswith(REFUSED) for why in facts.refusals.values()
        ):
            return AGENTS.note(
                f"The bot's key is new, and has not reached {listed(facts.refusals)} yet."
            )
        return AGENTS.failed(saw, ANSWERS)
    return None


def _same(facts: AgentsFacts, cluster: ClusterFacts, setup: Setup) -> Diagnostic:
    bots = images(cluster, setup)
    others = sorted({pod.image for pod in facts.pods} - set(bots))
    if bots and others:
        return AGENTS.warning(
            f"They run {listed(others)}, and the bot runs {listed(bots)}: another version may not "
            "understand its jobs.",
            f"Apply {COMPONENT} with the image of the bot.",
        )
    did = "are ready." if facts.refusals is None else "did a job that the bot signed."
    return AGENTS.ok(f"{facts.nodes} of {facts.nodes} {did}")


def _is_by_clock(why: str) -> bool:
    return why.startswith(REFUSED) and BY_CLOCK in why


def _by_reason(refusals: Mapping[str, str]) -> str:
    nodes: dict[str, list[str]] = {}
    for node, why in refusals.items():
        nodes.setdefault(why, []).append(node)
    said = (
        f"{listed(names)} do not do the bot's jobs: {why[:WHY].rstrip('.')}"
        for why, names in nodes.items()
    )
    return "; ".join(said)
