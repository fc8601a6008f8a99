"""Whether pull requests can be made, and whether somebody has to agree to them."""

import pytest

from bot.doctor.domain import repository
from bot.doctor.domain.examination import Outcome
from bot.domain.facts import Denied, RepositoryFacts, Unset
from bot.domain.refusal import NotObserved

LOST = NotObserved("no answer")
PAGE = "https://git.home.lab/lab/home"


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (Unset("MESHMEDIC_GIT_URL"), {"pull requests": Outcome.NOTE}),
        (
            RepositoryFacts(PAGE, "main", read=True, protected=True),
            {"repository": Outcome.OK, "protection": Outcome.OK},
        ),
        (
            RepositoryFacts(PAGE, "main", read=True, protected=False),
            {"repository": Outcome.OK, "protection": Outcome.WARNING},
        ),
        (
            RepositoryFacts(PAGE, "main", read=False, protected=LOST),
            {"repository": Outcome.FAILED, "protection": Outcome.UNSEEN},
        ),
        (
            RepositoryFacts(PAGE, "main", read=LOST, protected=Denied("not allowed")),
            {"repository": Outcome.FAILED, "protection": Outcome.UNSEEN},
        ),
    ],
)
def test_what_was_seen_of_the_repository_is_judged(
    facts: RepositoryFacts | Unset, wanted: dict[str, Outcome]
):
    """An open branch is a warning; what was not seen is never ok; each fault has its fix."""
    found = tuple(repository.examine(facts))
    assert {each.name: each.outcome for each in found} == wanted
    for each in found:
        assert each.saw
        assert bool(each.fix) == (each.outcome in (Outcome.WARNING, Outcome.FAILED))
