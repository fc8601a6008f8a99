"""An API server that is gone is told while it is gone: once, by who led last, until it is back."""

from datetime import timedelta

import pytest

from bot.alerting.domain.outage import is_outage, outage_id, stem
from bot.domain.outage import OutageReason
from bot.domain.verdict import Verdict
from tests.alerting.outage_world import Cluster, Process, pass_time
from tests.month.homelab import PODS
from tests.month.simulation import DEFAULT, ROLE


@pytest.fixture
async def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
async def two(cluster: Cluster) -> tuple[Process, Process]:
    """A leader and a standby, which have looked."""
    leader, standby = Process(cluster, "one"), Process(cluster, "two")
    await pass_time(cluster, leader, standby, minutes=5)
    assert leader.may_act()
    assert not standby.may_act()
    return leader, standby


async def test_it_is_told_within_three_minutes_once_and_its_end_once(
    cluster: Cluster, two: tuple[Process, Process]
):
    """With a mention, by the leader, adopted into the state; and no second incident."""
    gone = cluster.world.now
    cluster.goes()
    await pass_time(cluster, *two, minutes=2.9)
    assert cluster.told() == []
    await pass_time(cluster, *two, minutes=0.5)
    (said,) = cluster.told()
    assert (said.channel, said.role) == (DEFAULT, ROLE)
    (incident,) = said.incidents
    assert incident.opened == gone
    assert incident.head.reason == "Unreachable"
    assert "connection refused" in incident.head.message
    assert incident.timeline[0].what.startswith("last seen: All healthy")
    await pass_time(cluster, *two, minutes=6.6)
    assert len(cluster.told()) == 1
    back = cluster.world.now
    cluster.returns()
    await pass_time(cluster, *two, minutes=1)
    (stored,) = await cluster.outages()
    assert stored.id == incident.id
    assert not stored.ended
    await pass_time(cluster, *two, minutes=9)
    (stored,) = await cluster.outages()
    assert stored.ended
    assert timedelta(0) <= stored.ended - back <= timedelta(seconds=30)
    assert len(cluster.told()) == len(cluster.told("end")) == 1
    assert said.incidents[0].ended, "the message says so, too"
    assert len(cluster.channel.messages) == 3, "beside the board"


async def test_the_board_is_taken_back_until_it_is_true_again(
    cluster: Cluster, two: tuple[Process, Process]
):
    """It would go on saying that there is no open incident."""
    cluster.goes()
    await pass_time(cluster, *two, minutes=2.5)
    assert not cluster.board.blind
    cluster.channel.away = True
    await pass_time(cluster, *two, minutes=1)
    cluster.channel.away = False
    await pass_time(cluster, *two, minutes=1)
    assert cluster.board.blind
    edits = cluster.board.edits
    await pass_time(cluster, *two, minutes=6)
    assert cluster.board.edits == edits
    cluster.returns()
    await pass_time(cluster, *two, minutes=1.5)
    assert not cluster.board.blind


async def test_the_board_is_taken_back_also_where_the_message_cannot_be_posted(
    cluster: Cluster, two: tuple[Process, Process]
):
    """Its channel was deleted."""
    cluster.channel.closed.add(DEFAULT)
    cluster.goes()
    await pass_time(cluster, *two, minutes=4)
    assert cluster.told() == []
    assert cluster.board.blind


async def test_a_message_is_found_also_where_discord_was_away_for_longer_than_it_is_looked_for(
    cluster: Cluster, two: tuple[Process, Process]
):
    """Or it would say for ever that the API server is gone."""
    cluster.goes()
    await pass_time(cluster, *two, minutes=5)
    assert len(cluster.told()) == 1
    cluster.returns()
    cluster.channel.away = True
    fresh = Process(cluster, "three")
    await pass_time(cluster, fresh, minutes=30)
    assert await cluster.outages() == ()
    cluster.channel.away = False
    await pass_time(cluster, fresh, minutes=8)
    assert len(cluster.told()) == len(cluster.told("end")) == 1


async def test_the_standby_that_leads_afterwards_adopts_the_same_incident(
    cluster: Cluster, two: tuple[Process, Process]
):
    """It finds the message by the term that ended, and when the outage began."""
    leader, standby = two
    gone = cluster.world.now
    cluster.goes()
    await pass_time(cluster, *two, minutes=10)
    cluster.returns()
    await pass_time(cluster, standby, leader, minutes=15)
    assert standby.may_act()
    (stored,) = await cluster.outages()
    assert (stored.opened, bool(stored.ended)) == (gone, True)
    assert len(cluster.told()) == len(cluster.told("end")) == 1


async def test_a_process_of_no_memory_that_leads_afterwards_adopts_it_too(
    cluster: Cluster, two: tuple[Process, Process]
):
    """Everything was restarted meanwhile."""
    cluster.goes()
    await pass_time(cluster, *two, minutes=90)
    fresh = Process(cluster, "three")
    await pass_time(cluster, fresh, minutes=20)
    assert len(cluster.told()) == 1
    cluster.returns()
    await pass_time(cluster, fresh, minutes=15)
    (stored,) = await cluster.outages()
    assert stored.ended
    assert len(cluster.told()) == len(cluster.told("end")) == 1


async def test_the_standby_alone_is_silent_where_it_saw_a_leader(
    cluster: Cluster, two: tuple[Process, Process]
):
    """The leader died with its node and the API server: nobody may speak for it."""
    cluster.goes()
    await pass_time(cluster, two[1], minutes=30)
    assert cluster.told() == []


async def test_a_process_that_was_started_during_the_outage_is_silent(cluster: Cluster):
    """It led never, and never read the Lease."""
    cluster.goes()
    await pass_time(cluster, Process(cluster, "one"), minutes=30)
    assert cluster.told() == []


async def test_a_standby_that_is_cut_off_alone_is_silent(
    cluster: Cluster, two: tuple[Process, Process]
):
    """The leader sees that its node is gone."""
    two[1].cut = True
    await pass_time(cluster, *two, minutes=15)
    assert cluster.told() == []


async def test_a_leader_that_is_cut_off_alone_tells_it_and_the_next_one_ends_it(
    cluster: Cluster, two: tuple[Process, Process]
):
    """It cannot know better; who leads since finds the message and ends it within minutes."""
    leader, standby = two
    leader.cut = True
    await pass_time(cluster, *two, minutes=9)
    assert standby.may_act()
    (said,) = cluster.told()
    assert said.incidents[0].ended
    assert len(cluster.told("end")) == 1
    leader.cut = False
    await pass_time(cluster, *two, minutes=30)
    assert len(cluster.told()) == len(await cluster.outages()) == 1


async def test_a_datastore_that_takes_no_writes_is_told_once(
    cluster: Cluster, two: tuple[Process, Process]
):
    """As with a full disk: both read that the lease ran out, and the one that led speaks first."""
    cluster.writes, cluster.store.away = False, True
    await pass_time(cluster, *two, minutes=12)
    (said,) = cluster.told()
    assert said.incidents[0].head.reason == "ServerErrors"
    cluster.writes, cluster.store.away = True, False
    await pass_time(cluster, *two, minutes=12)
    assert len(cluster.told()) == len(cluster.told("end")) == len(await cluster.outages()) == 1


async def test_a_standby_that_saw_the_lease_run_out_tells_it_half_a_minute_later(
    cluster: Cluster, two: tuple[Process, Process]
):
    """The leader died, and then writes failed: nobody led when it looked last."""
    standby = two[1]
    cluster.writes = False
    await pass_time(cluster, standby, minutes=1)
    cluster.goes()
    await pass_time(cluster, standby, minutes=2.5)
    assert cluster.told() == []
    await pass_time(cluster, standby, minutes=1)
    assert len(cluster.told()) == 1


async def test_a_discord_that_is_away_is_tried_again_and_a_lost_answer_is_no_second_message(
    cluster: Cluster, two: tuple[Process, Process]
):
    """As on a homelab whose way to the internet went down as well."""
    cluster.goes()
    cluster.channel.away = True
    await pass_time(cluster, *two, minutes=8)
    cluster.channel.away, cluster.channel.lost = False, True
    await pass_time(cluster, *two, minutes=2)
    assert len(cluster.told()) == 1
    cluster.returns()
    await pass_time(cluster, *two, minutes=9)
    assert len(cluster.told()) == len(cluster.told("end")) == 1


async def test_an_outage_that_comes_back_before_it_was_over_is_the_same_incident(
    cluster: Cluster, two: tuple[Process, Process]
):
    """Its message stands as open; it is over two minutes after the last return."""
    cluster.goes()
    await pass_time(cluster, *two, minutes=5)
    cluster.returns()
    await pass_time(cluster, *two, minutes=1)
    cluster.goes()
    await pass_time(cluster, *two, minutes=5)
    back = cluster.world.now
    cluster.returns()
    await pass_time(cluster, *two, minutes=1)
    assert len(cluster.told()) == 1
    assert cluster.told("end") == []
    await pass_time(cluster, *two, minutes=5)
    (stored,) = await cluster.outages()
    assert stored.ended
    assert stored.ended >= back
    assert len(cluster.told("end")) == 1


async def test_the_next_outage_of_a_term_is_another_message(
    cluster: Cluster, two: tuple[Process, Process]
):
    """Discord would take the same nonce for the same message for some minutes."""
    for number in (1, 2, 3):
        cluster.goes()
        await pass_time(cluster, *two, minutes=5)
        cluster.returns()
        await pass_time(cluster, *two, minutes=5)
        assert len(cluster.told()) == len(cluster.told("end")) == number
    ids = {incident.id for incident in await cluster.outages()}
    assert ids == {outage_id(stem("meshmedic/meshmedic", 1), number) for number in (1, 2, 3)}


async def test_a_restart_of_the_api_server_is_not_told(
    cluster: Cluster, two: tuple[Process, Process]
):
    """Two minutes are what an upgrade of k3s takes."""
    for _ in range(5):
        cluster.goes()
        await pass_time(cluster, *two, minutes=2)
        cluster.returns()
        await pass_time(cluster, *two, minutes=2)
    assert cluster.told() == []


async def test_what_broke_meanwhile_is_told_afterwards_as_its_own_incident(
    cluster: Cluster, two: tuple[Process, Process]
):
    """The outage is not its cause, and hides nothing."""
    cluster.goes()
    cluster.world.broken[PODS[0]] = Verdict.FAILED
    await pass_time(cluster, *two, minutes=5)
    cluster.returns()
    await pass_time(cluster, *two, minutes=9)
    others = [one for one in (await cluster.state()).incidents if not is_outage(one)]
    assert [one.head.subject for one in others] == [PODS[0]]
    assert not others[0].ended


def test_an_id_fits_into_a_nonce_with_all_that_is_appended_to_it():
    """Discord takes 25 characters."""
    longest = outage_id(stem("a-long-namespace/meshmedic", 10**6), 999)
    assert len(f"{longest}-1000") <= 25
    assert stem("a/b", 1) != stem("a/b", 2) != stem("c/b", 2)


def test_every_reason_says_what_it_means():
    """The title, the sentence and the steps of each exist."""
    assert {str(reason) for reason in OutageReason} == {
        "Unreachable",
        "ServerErrors",
        "NotAllowed",
    }
