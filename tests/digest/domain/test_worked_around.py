"""A digest does not call fixed what stays, and is only led past."""

import json
from datetime import datetime, timedelta

from bot.digest.domain.diff import base
from bot.digest.domain.digest import Digest, compose
from bot.digest.domain.open_items import StandingItem
from bot.digest.views import discord as cards
from bot.digest.views import json as digest_json
from bot.digest.views import text as digest_text
from bot.domain.report import Report
from bot.domain.verdict import Verdict
from tests.health.views.test_discord import texts
from tests.net.mesh.around import proven, report, rounds
from tests.net.networks import MOMENT

LATER = MOMENT + timedelta(hours=1)


def broken(at: datetime) -> Report:
    """Before the repair, or after nativeLB was taken back."""
    return report(proven("web"), native=(), at=at)


def around(at: datetime) -> Report:
    """After the repair."""
    return report(proven("web", repaired=0), at=at)


def a_digest(before: Report, now: Report) -> Digest:
    return compose("digest", now, StandingItem(), base(before, None))


def test_what_is_worked_around_is_neither_fixed_nor_still_a_fault():
    """The link with its route, in every form of the digest; the note is among what is open."""
    digest = a_digest(broken(MOMENT), around(LATER))
    parts = digest.difference
    assert digest.verdict is Verdict.HEALTHY
    assert [(str(entry.subject), entry.downstream) for entry in parts.around] == [("Node edge", 1)]
    assert (parts.fixed, parts.lost, parts.present) == ((), (), ())
    assert not digest.quiet
    assert "1 worked around" in digest_text.headline(digest)
    text = digest_text.text(digest)
    assert "Worked around (1)" in text
    assert "Fixed" not in text
    assert "WorkedAround: Node edge: Nothing gets from edge" in text
    card = "".join(texts(cards.digest(digest, None)))
    assert "Worked around" in card
    assert "Fixed" not in card
    document = json.loads(digest_json.digest(digest))
    assert len(document["workedAround"]) == len(parts.around)
    assert document["fixed"] == document["lost"] == []


def test_a_link_that_is_mended_is_fixed():
    """The route that needs the way round no more keeps its note until it is tested."""
    mended = report(proven("web", repaired=0), known=rounds(set(), at=LATER), at=LATER)
    parts = a_digest(broken(MOMENT), mended).difference
    assert [str(entry.subject) for entry in parts.fixed] == ["Node edge"]
    assert [str(entry.subject) for entry in parts.around] == ["IngressRoute apps/web"]


def test_what_was_worked_around_is_new_where_it_is_met_again():
    """The digest between did not know it as a fault."""
    parts = a_digest(around(MOMENT), broken(LATER)).difference
    assert [(str(entry.finding.subject), entry.downstream) for entry in parts.new] == [
        ("Node edge", 1)
    ]


def test_a_fault_that_only_tests_see_is_worked_around_with_its_route():
    """It has no note of its own, and was not fixed."""
    before = report(proven("web"), native=(), known=rounds(set(), at=MOMENT), at=MOMENT)
    after = report(proven("web", repaired=0), known=rounds(set(), at=LATER), at=LATER)
    parts = a_digest(before, after).difference
    assert [(str(entry.subject), entry.downstream) for entry in parts.around] == [
        ("Fault edge: redirect", 1)
    ]
    assert parts.fixed == ()


def test_what_only_a_test_in_private_shows_to_be_worked_around_is_not_called_fixed():
    """Nobody saw the fault end. Its note is for the one who tested; its link is broken still."""
    digest = a_digest(broken(MOMENT), report(proven("web", private=True), at=LATER))
    assert [str(entry.finding.subject) for entry in digest.difference.present] == ["Node edge"]
    assert digest.difference.around == ()
    assert digest.difference.fixed == ()
    assert digest.notes == ()
