"""Two processes of the bot, both alive and both connected: one acknowledgement, one answer."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.election import Timing
from bot.sandbox.kubernetes_api import SimulatedCluster, serve
from tests.clusters.wire import Mode
from tests.wire import endpoints
from tests.wire.bot_process import FOUND, control, leaked, offered, suggested
from tests.wire.discord_server import DiscordServer
from tests.wire.interactions import Interaction, until
from tests.wire.pair import PLACE, TAKEOVER, Member, member, pair
from tests.wire.world import SAM

SECOND_TRY = Timing().hesitation + 10
"""Seconds within which everybody who is connected has tried to acknowledge."""


@pytest.fixture
async def two(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> AsyncIterator[tuple[Member, Member]]:
    async with pair(server, cluster, tmp_path) as made:
        yield made


async def asked(server: DiscordServer, *path: str, tries: int = 2) -> Interaction:
    """Somebody asks; it has an answer, and `tries` processes have tried to acknowledge."""
    before = len(server.sent(endpoints.CALLBACK))
    handle = await server.slash(*path)
    await handle.answer(10)
    await until(
        lambda: len(server.sent(endpoints.CALLBACK)) >= before + tries, f"{tries} tries", SECOND_TRY
    )
    return handle


def once(*handles: Interaction) -> bool:
    """Whether each was acknowledged once, and answered once by the one that did."""
    told = [endpoints.CALLBACK, endpoints.EDIT_ORIGINAL]
    return all(
        [response.endpoint for response in each.responses] == told and len(each.answers) == 1
        for each in handles
    )


async def test_the_leader_answers_and_the_standby_is_silent(
    server: DiscordServer, two: tuple[Member, Member]
) -> None:
    """Commands, clicks and refusals; both are ready, and each tells the truth about itself."""
    leader, standby = two
    report = await asked(server, "health", "all")
    assert [each for each in FOUND if each not in report.answers[0].text] == []
    message = report.answers[0].message
    before = len(server.sent(endpoints.CALLBACK))
    chosen = await server.select(
        message, control(report.answers[0], "drill"), offered(report.answers[0])[1]
    )
    refused = await server.slash("health", "all", user=SAM)
    unknown = await server.slash("why", options={"finding": "nothing"})
    tries = before + 6
    await until(lambda: len(server.sent(endpoints.CALLBACK)) >= tries, "six tries", SECOND_TRY)
    await until(lambda: chosen.answers and unknown.answers, "the answers", 10)
    assert once(report, chosen)
    assert len(refused.responses) == len(refused.answers) == 1
    assert len(unknown.answers) == 1
    for each, leads in ((leader, 1), (standby, 0)):
        assert await each.probed.get("/readyz") == (200, "ok\n")
        assert (await each.probed.metrics())["meshmedic_leader"] == leads
        assert (await each.probed.metrics())["meshmedic_discord_connected"] == 1
    # The standby's, unless the machine is so busy that the leader hesitated longer.
    left = 'meshmedic_commands_total{command="health all",outcome="left"}'
    assert sum([(await each.probed.metrics()).get(left, 0) for each in two]) == 2
    assert len(server.sent(endpoints.SYNC)) == 1


async def test_suggestions_are_the_leaders_alone(
    server: DiscordServer, two: tuple[Member, Member]
) -> None:
    """One for each letter that somebody types: a second try of each would be refused."""
    _, standby = two
    typed = await suggested(server, "health", "all", focused="namespace", typed="prod")
    assert typed == ["productivity"]
    sample = 'meshmedic_commands_total{command="autocomplete",outcome="left"}'
    await standby.probed.shows(sample, 1)
    assert len(server.sent(endpoints.CALLBACK)) == 1


async def test_a_clean_stop_hands_over_at_once(
    server: DiscordServer, two: tuple[Member, Member]
) -> None:
    """The Lease is given back, the next one acts, and the same commands stay registered."""
    leader, standby = two
    leader.running.process.terminate()
    handles = []
    while leader.running.process.returncode is None:
        handles.append(await server.slash("health", "all"))
        await asyncio.sleep(0.1)
    code, printed = await leader.running.ended()
    gone = time.monotonic()
    assert code == 0, printed
    assert leaked(printed) == []
    await standby.becomes_leader(10)
    assert time.monotonic() - gone < 10
    assert once(await asked(server, "health", "all", tries=1))
    for each in handles:
        await each.answer(10)
    assert once(*handles)
    _, printed = await standby.running.terminated()
    assert "the commands are registered as this version has them" in printed
    assert len(server.sent(endpoints.SYNC)) == 1


async def test_a_killed_leader_is_replaced_and_nobody_goes_without_an_answer(
    server: DiscordServer, two: tuple[Member, Member]
) -> None:
    """Until the Lease expires the standby answers by its hesitation, and then as leader."""
    leader, standby = two
    await leader.kill()
    began = time.monotonic()
    meanwhile = await asked(server, "health", "all", tries=1)
    assert meanwhile.ack_latency < 3
    assert not await standby.leads()
    await standby.becomes_leader()
    assert time.monotonic() - began < TAKEOVER
    after = await asked(server, "health", "all", tries=1)
    assert once(meanwhile, after)


async def test_a_leader_that_the_api_lost_steps_back_before_another_acts(
    server: DiscordServer, two: tuple[Member, Member]
) -> None:
    """Both stay connected; at no moment do both act, and each question has one answer."""
    leader, standby = two
    leader.wire.set(Mode.DEAD)
    seen: set[tuple[bool, bool]] = set()
    began = time.monotonic()
    handles = [await asked(server, "health", "all")]
    while not await standby.leads():
        assert time.monotonic() - began < TAKEOVER
        seen.add((await leader.leads(), await standby.leads()))
        if not await leader.leads() and len(handles) == 1:
            handles.append(await asked(server, "health", "all"))
    seen.add((await leader.leads(), await standby.leads()))
    handles.append(await asked(server, "health", "all"))
    assert (True, True) not in seen
    assert (False, False) in seen
    assert once(*handles)
    assert [each for each in FOUND if each not in handles[-1].answers[0].text] == []
    assert "stale" not in handles[-1].answers[0].text
    # Alone, the one that is cut off still tells what it knew, and says how old it is.
    await standby.kill()
    last = await asked(server, "health", "all", tries=1)
    assert once(last)
    assert "stale" in last.answers[0].text
    status, said = await leader.probed.get("/readyz")
    assert (status, said[:10]) == (200, "degraded: ")
    assert not await leader.leads()
    leader.wire.set(Mode.PASSES)
    await leader.becomes_leader()


async def test_a_leader_that_was_paused_wakes_up_as_none(
    server: DiscordServer, two: tuple[Member, Member]
) -> None:
    """It finds by its own clock that its term is over, and what it slept through is not its own."""
    leader, standby = two
    leader.pause()
    while_away = await asked(server, "health", "all", tries=1)
    await standby.becomes_leader()
    leader.go_on()
    await asyncio.sleep(0)
    after = await asked(server, "health", "all")
    assert once(while_away, after)
    await leader.steps_back(10)
    assert await standby.leads()


async def test_a_restart_forgets_neither_suggestions_nor_what_a_message_is_about(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """The last report is in the cluster: without log lines, and without another question."""
    async with serve(cluster) as url:
        async with member(server, url, tmp_path / "one") as first:
            await first.becomes_leader()
            report = await (await server.slash("health", "all")).answer()
            await first.running.terminated()
        kept = cluster.get("ConfigMap", PLACE, "meshmedic-report")
        assert kept is not None
        assert "paperless-env" in kept["data"]["record"]
        assert "Loading visual model" not in kept["data"]["record"]
        async with member(server, url, tmp_path / "two") as second:
            await second.becomes_leader()
            await until(lambda: len(server.gateway.sessions) > 0, "a session", 5)
            found: list[str] = []
            while not found:
                found = await suggested(server, "why", focused="finding", typed="paperless")
            chosen = await server.select(
                report.message, control(report, "drill"), offered(report)[1]
            )
            assert "Loading visual model" in (await chosen.answer(10)).text
            code, printed = await second.running.terminated()
    assert code == 0, printed
    assert len(server.sent(endpoints.SYNC)) == 1


async def test_other_commands_are_registered_anew(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """A digest that is not ours, or none that can be read, and the commands are sent."""
    async with serve(cluster) as url:
        async with member(server, url, tmp_path) as first:
            await first.becomes_leader()
            await until(lambda: cluster.get("ConfigMap", PLACE, "meshmedic-commands"), "it", 10)
            await first.running.terminated()
        kept = cluster.get("ConfigMap", PLACE, "meshmedic-commands")
        assert kept is not None
        other = {"record": '{"schema":1,"value":{"sha256":"of another version"}}'}
        cluster.put(kept | {"data": other})
        async with member(server, url, tmp_path) as second:
            await second.becomes_leader()
            await until(lambda: len(server.sent(endpoints.SYNC)) == 2, "a registration", 10)
            await second.running.terminated()
    again = cluster.get("ConfigMap", PLACE, "meshmedic-commands")
    assert again is not None
    assert again["data"] == kept["data"]


async def test_commands_that_were_deleted_at_discord_are_there_after_a_restart(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """The record in the cluster says that they are registered; Discord's own list does not."""
    async with serve(cluster) as url:
        async with member(server, url, tmp_path) as first:
            await first.becomes_leader()
            await until(lambda: cluster.get("ConfigMap", PLACE, "meshmedic-commands"), "it", 10)
            await first.running.terminated()
        registered = {each["name"] for each in server.commands}
        server.commands.clear()
        async with member(server, url, tmp_path) as second:
            await second.becomes_leader()
            await until(lambda: len(server.sent(endpoints.SYNC)) == 2, "a registration", 10)
            await second.running.terminated()
    assert {each["name"] for each in server.commands} == registered


async def test_a_server_without_the_bot_is_named_by_whoever_leads(
    server: DiscordServer, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """403 at the registration: asked once, and what to do about it. It goes on leading."""
    server.fail(endpoints.SYNC, 403)
    async with serve(cluster) as url, member(server, url, tmp_path, ready=False) as only:
        await only.probed.becomes("/readyz", 503, "MESHMEDIC_GUILD_ID: Discord does not let")
        assert len(server.sent(endpoints.SYNC)) == 1
        code, printed = await only.running.terminated()
    assert code == 0, printed
    lease = cluster.get("Lease", PLACE, "meshmedic")
    assert lease is not None
    assert lease["spec"]["holderIdentity"] == ""


@pytest.mark.parametrize("after_effect", [True, False], ids=["taken", "not taken"])
async def test_an_acknowledgement_without_a_reply_is_not_answered_twice(
    server: DiscordServer, two: tuple[Member, Member], *, after_effect: bool
) -> None:
    """Taken or not, the leader sends it again within its head start and knows it for its own."""
    server.fail(endpoints.CALLBACK, 502, after_effect=after_effect)
    handle = await server.slash("health", "all")
    await until(lambda: len(server.sent(endpoints.CALLBACK)) >= 3, "three tries", SECOND_TRY)
    again = server.sent(endpoints.CALLBACK)[1]
    if again.at - handle.sent_at < Timing().hesitation - 0.2:  # a busy machine may be later
        await handle.answer(10)
        assert handle.acknowledgement is server.sent(endpoints.CALLBACK)[0 if after_effect else 1]
    await asyncio.sleep(0.5)
    assert len(handle.answers) <= 1
