"""Whether pull requests can be made, and whether somebody has to agree to them."""

from __future__ import annotations

from collections.abc import Iterator

from bot.doctor.domain.diagnostic import Area, Diagnostic, Question
from bot.domain.facts import Denied, RepositoryFacts, Unset
from bot.domain.refusal import NotObserved

TOKEN = "Look at MESHMEDIC_GIT_URL, MESHMEDIC_GIT_TOKEN and the network policy."  # noqa: S105  # words
PROTECT = "Protect the branch on the host, so that a merge needs somebody's review."


def examine(facts: RepositoryFacts | Unset) -> Iterator[Diagnostic]:
    """Whether the repository can be read, and whether its branch is protected."""
    if isinstance(facts, Unset):
        question = Question(Area.REPOSITORY, "pull requests")
        yield question.note("No repository is set, so nothing is changed by pull requests.")
        return
    yield _reading(facts)
    yield _protection(facts)


def _reading(facts: RepositoryFacts) -> Diagnostic:
    question = Question(Area.REPOSITORY, "repository")
    if isinstance(facts.read, NotObserved):
        return question.failed(facts.read.why, TOKEN)
    if not facts.read:
        observation = f"{facts.page} has no branch {facts.branch}."
        return question.failed(observation, "Set MESHMEDIC_GIT_BRANCH.")
    return question.ok(f"{facts.page}, branch {facts.branch}, can be read.")


def _protection(facts: RepositoryFacts) -> Diagnostic:
    question = Question(Area.REPOSITORY, "protection")
    if isinstance(facts.protected, NotObserved | Denied):
        return question.unobserved(facts.protected.why)
    if facts.protected:
        return question.ok(f"The branch {facts.branch} is protected.")
    return question.warning(
        f"The branch {facts.branch} is not protected: whoever holds the token may push to it.",
        PROTECT,
    )
