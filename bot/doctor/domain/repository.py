"""Whether pull requests can be made, and whether somebody has to agree to them."""

from __future__ import annotations

from collections.abc import Iterator

from bot.doctor.domain.examination import Area, Examination, Outcome
from bot.domain.facts import Denied, RepositoryFacts, Unset
from bot.domain.refusal import NotObserved

TOKEN = "Look at MESHMEDIC_GIT_URL, MESHMEDIC_GIT_TOKEN and the network policy."  # noqa: S105  # words
PROTECT = "Protect the branch on the host, so that a merge needs somebody's review."


def examine(facts: RepositoryFacts | Unset) -> Iterator[Examination]:
    """Whether the repository can be read, and whether its branch is protected."""
    if isinstance(facts, Unset):
        saw = "No repository is set, so nothing is changed by pull requests."
        yield Examination(Area.REPOSITORY, "pull requests", Outcome.NOTE, saw)
        return
    yield _reading(facts)
    yield _protection(facts)


def _reading(facts: RepositoryFacts) -> Examination:
    if isinstance(facts.read, NotObserved):
        return _said("repository", Outcome.FAILED, facts.read.why, TOKEN)
    if not facts.read:
        saw = f"{facts.page} has no branch {facts.branch}."
        return _said("repository", Outcome.FAILED, saw, "Set MESHMEDIC_GIT_BRANCH.")
    return _said("repository", Outcome.OK, f"{facts.page}, branch {facts.branch}, can be read.")


def _protection(facts: RepositoryFacts) -> Examination:
    if isinstance(facts.protected, NotObserved | Denied):
        return _said("protection", Outcome.UNSEEN, facts.protected.why)
    if facts.protected:
        return _said("protection", Outcome.OK, f"The branch {facts.branch} is protected.")
    saw = f"The branch {facts.branch} is not protected: whoever holds the token may push to it."
    return _said("protection", Outcome.WARNING, saw, PROTECT)


def _said(name: str, outcome: Outcome, saw: str, fix: str = "") -> Examination:
    return Examination(Area.REPOSITORY, name, outcome, saw, fix)
