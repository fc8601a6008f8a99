"""Whether an approved change can be carried out: the identity for it, and where it may write."""

from __future__ import annotations

from bot.doctor.domain.cluster import answered, permitted
from bot.doctor.domain.diagnostic import Area, Diagnostic, Topic
from bot.doctor.domain.facts import ClusterFacts, Right, Setup
from bot.domain.facts import Denied
from bot.domain.refusal import NotObserved
from bot.domain.sentences import listed

TOPIC = Topic(Area.ACCESS, "fix")
COMPONENT = "deploy/components/remediation"
ACCOUNT = "system:serviceaccount:meshmedic:meshmedic"
"""The bot's own account, to which the components grant what they add."""

USER, GROUP = "meshmedic:approver", "meshmedic:approvers"
IMPERSONATION = (
    Right("impersonate", "", "users", name=USER),
    Right("impersonate", "", "groups", name=GROUP),
    Right("impersonate", "authentication.k8s.io", "userextras/discord-id"),
)
"""The rights by which the bot becomes the approver identity."""


def is_bot(user: str) -> bool:
    """Whether somebody has the bot's rights; an API server that does not tell counts as yes."""
    return user in ("", ACCOUNT)


def examine(facts: ClusterFacts, setup: Setup) -> Diagnostic:
    """Whether the component is whole; without it, or as somebody else, a note."""
    if not is_bot(facts.user):
        return TOPIC.note(
            "Not tested: only the bot's own account can check it. Run `/doctor` in Discord."
        )
    answers = answered(facts, IMPERSONATION)
    if not any(answers.values()):
        return TOPIC.note("Optional, and not installed: `/fix` can change nothing in the cluster.")
    if not all(answer is True for answer in answers.values()):
        return permitted(TOPIC, answers, "", "", COMPONENT)
    match facts.approver:
        case NotObserved(why) | Denied(why):
            return TOPIC.unobserved(f"What {USER} may do could not be checked: {why}")
        case None:
            return TOPIC.unobserved(f"Not checked: what {USER} may do.")
        case ():
            return TOPIC.failed(
                f"The identity {USER} may not change Services in any namespace, so no approved "
                "change can be made.",
                f"Apply {COMPONENT} again: it has the ClusterRole meshmedic-approver. List your "
                "namespaces in namespaces.yaml.",
            )
        case namespaces:
            pass
    if not setup.roles.approvers:
        saw = "It is installed, but MESHMEDIC_APPROVERS is empty, so nobody can approve a change."
        return TOPIC.warning(saw, "Set MESHMEDIC_APPROVERS, or remove the component.")
    return TOPIC.ok(f"An approved change may be made in {listed(namespaces)}.")
