"""Every golden file: what was reviewed once is what is shown, stored and sent today."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.golden import (
    FILES,
    RENEW,
    Pages,
    alerts,
    changes,
    compare,
    diagnoses,
    digests,
    doctor,
    first_steps,
    helping,
    network,
    operating,
    pull_requests,
    records,
    reports,
    sites,
    slash_commands,
    traefik,
    words_for_machines,
)

AREAS: dict[str, Pages] = {
    "alert": alerts.PAGES,
    "change": changes.PAGES,
    "diagnosis": diagnoses.PAGES,
    "digest": digests.PAGES,
    "doctor": doctor.PAGES,
    "first-steps": first_steps.PAGES,
    "help": helping.PAGES,
    "network": network.PAGES,
    "operating": operating.PAGES,
    "pull-request": pull_requests.PAGES,
    "record": records.PAGES,
    "report": reports.PAGES,
    "site": sites.PAGES,
    "slash-command": slash_commands.PAGES,
    "traefik": traefik.PAGES,
    "wire": words_for_machines.PAGES,
}
PAGES = {f"{area}/{name}": page for area, pages in AREAS.items() for name, page in pages.items()}


@pytest.mark.parametrize("name", PAGES)
def test_it_is_what_was_reviewed(name: str, golden: Callable[[str, str], None]) -> None:
    golden(name, PAGES[name]())


def test_every_golden_file_is_of_something(writing: bool) -> None:
    """A file that nothing compares with would tell what is no more; `make golden` removes it."""
    files = {path.relative_to(FILES).as_posix() for path in FILES.rglob("*") if path.is_file()}
    left_over = files - PAGES.keys()
    if writing:
        for name in left_over:
            (FILES / name).unlink()
        return
    assert not left_over, f"nothing makes these golden files any more. {RENEW}"


def test_every_module_with_pages_is_in_the_table() -> None:
    """One that nobody lists would pin nothing."""
    sources = (path.read_text() for path in Path(__file__).parent.glob("*.py"))
    assert sum("\nPAGES: Pages =" in source for source in sources) == len(AREAS)


def test_a_difference_is_shown_line_by_line_with_how_to_renew() -> None:
    name = next(iter(PAGES))
    with pytest.raises(pytest.fail.Exception) as failed:
        compare(name, "something else\n", write=False)
    assert "+something else" in str(failed.value)
    assert "`make golden`" in str(failed.value)


def test_a_file_that_is_not_there_is_a_failure() -> None:
    with pytest.raises(pytest.fail.Exception, match="no golden file"):
        compare("report/never-written.txt", "", write=False)
