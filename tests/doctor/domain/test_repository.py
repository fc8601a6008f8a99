"""Whether pull requests can be made, and whether somebody has to agree to them."""

import pytest

from bot.doctor.domain import repository
from bot.doctor.domain.diagnostic import DiagnosticOutcome
from bot.domain.facts import Denied, RepositoryFacts, Unset
from bot.domain.refusal import NotObserved

LOST = NotObserved("no answer")
PAGE = "https://git.home.lab/lab/home"


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (Unset("MESHMEDIC_GIT_URL"), {"pull requests": DiagnosticOutcome.NOTE}),
        (
            RepositoryFacts(PAGE, "main", read=True, protected=True),
            {"repository": DiagnosticOutcome.OK, "protection": DiagnosticOutcome.OK},
        ),
        (
            RepositoryFacts(PAGE, "main", read=True, protected=False),
            {"repository": DiagnosticOutcome.OK, "protection": DiagnosticOutcome.WARNING},
        ),
        (
            RepositoryFacts(PAGE, "main", read=False, protected=LOST),
            {"repository": DiagnosticOutcome.FAILED, "protection": DiagnosticOutcome.UNOBSERVED},
        ),
        (
            RepositoryFacts(PAGE, "main", read=LOST, protected=Denied("not allowed")),
            {"repository": DiagnosticOutcome.FAILED, "protection": DiagnosticOutcome.UNOBSERVED},
        ),
    ],
)
def test_what_was_seen_of_the_repository_is_judged(
    facts: RepositoryFacts | Unset, wanted: dict[str, DiagnosticOutcome]
):
    """An open branch is a warning; what was not seen is never ok; each fault has its fix."""
    found = tuple(repository.examine(facts))
    assert {each.name: each.outcome for each in found} == wanted
    for each in found:
        assert each.observation
        assert bool(each.fix) == (
            each.outcome in (DiagnosticOutcome.WARNING, DiagnosticOutcome.FAILED)
        )
