"""Whether pull requests can be made, and whether somebody has to agree to them."""

from __future__ import annotations

from collections.abc import Iterator

from bot.doctor.domain.diagnostic import Area, Diagnostic, Topic
from bot.domain.facts import Denied, RepositoryFacts, Unset
from bot.domain.refusal import NotObserved

TOKEN = "Check MESHMEDIC_GIT_URL, MESHMEDIC_GIT_TOKEN and the network policy."  # noqa: S105  # words
PROTECT = "Protect the branch on the host, so that a merge needs somebody's review."


def examine(facts: RepositoryFacts | Unset) -> Iterator[Diagnostic]:
    """Whether the repository can be read, and whether its branch is protected."""
    if isinstance(facts, Unset):
        topic = Topic(Area.REPOSITORY, "pull requests")
        yield topic.note("No repository is set, so meshmedic opens no pull requests.")
        return
    yield _reading(facts)
    yield _protection(facts)


def _reading(facts: RepositoryFacts) -> Diagnostic:
    topic = Topic(Area.REPOSITORY, "repository")
    if isinstance(facts.read, NotObserved):
        return topic.failed(facts.read.why, TOKEN)
    if not facts.read:
        observation = f"{facts.page} has no branch {facts.branch}."
        return topic.failed(observation, "Set MESHMEDIC_GIT_BRANCH.")
    return topic.ok(f"{facts.page}, branch {facts.branch}, can be read.")


def _protection(facts: RepositoryFacts) -> Diagnostic:
    topic = Topic(Area.REPOSITORY, "protection")
    if isinstance(facts.protected, NotObserved | Denied):
        return topic.unobserved(facts.protected.why)
    if facts.protected:
        return topic.ok(f"The branch {facts.branch} is protected.")
    return topic.warning(
        f"The branch {facts.branch} is not protected: anyone with the token can push to it.",
        PROTECT,
    )
