"""Which incident holds a finding, however they change."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.alerting.domain.incident import Alerts, Incident, Incidents
from tests.alerting.domain.test_transitions import START, a_finding

KEYS = [f"some/Service/web/{letter}" for letter in "abcdef"]
changes = st.lists(
    st.tuples(st.sampled_from("xyz"), st.lists(st.sampled_from(KEYS), max_size=4), st.booleans()),
    max_size=12,
)


@given(changes)
def test_the_first_open_incident_that_has_a_finding_holds_it(
    put: list[tuple[str, list[str], bool]],
) -> None:
    """As a search of all of them would say."""
    incidents = Incidents(())
    for id_, keys, ended in put:
        head = a_finding("x")
        one = Incident(id=id_, head=head, keys=tuple(keys), opened=START, worst=head.verdict)
        incidents.put(replace(one, ended=START if ended else None))
    unfinished = [one for one in incidents.all if not one.ended]
    for key in KEYS:
        holding = [one.id for one in unfinished if key in one.keys]
        held = incidents.holding(key)
        assert (held.id in holding) if held else not holding
        assert (Alerts(incidents.all).holding(key) is None) == (held is None)
