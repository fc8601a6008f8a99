"""`/health`, as people use it in Discord."""

import re

import msgspec

from bot.domain.finding import Ref
from bot.domain.snapshot import Gap, Why
from bot.domain.story import Event, LogTail
from bot.errors import ClusterError
from tests.builders import a_pod
from tests.commands.conftest import Room, code_in, message, said

BROKEN = a_pod("web", waiting="CrashLoopBackOff")


async def test_a_viewer_sees_the_verdict_first_and_the_worst_first(room: Room):
    """The first line is the verdict; the failed pod is spelled out with its reason."""
    room.cluster.set([a_pod("fine"), BROKEN])
    answer = said(await room.viewer.slash(room.channel, "health all"))
    assert answer.startswith("## ❌ Failed")
    assert "**Pod** `apps/web`" in answer
    assert "**CrashLoopBackOff**" in answer
    assert "fine" not in answer


async def test_a_namespace_that_does_not_exist_is_no_good_news(room: Room):
    """A typing error is answered with what it is: there was nothing to judge."""
    answer = said(await room.viewer.slash(room.channel, "health all", namespace="typo"))
    assert "## ❔ Unknown\nthere was nothing to judge" in answer


async def test_a_healthy_homelab_is_a_short_answer(room: Room):
    """Healthy kinds in one line, and nothing to drill into."""
    room.cluster.set([a_pod("one"), a_pod("two")])
    result = await room.viewer.slash(room.channel, "health pods")
    assert "## ✅ Healthy" in said(result)
    assert "healthy: Pod 2" in said(result)
    assert "meshmedic:drill" not in str(message(result).components)


async def test_what_was_not_seen_is_never_healthy(room: Room):
    """A forbidden kind makes the verdict unknown, and the missing permission is named."""
    room.cluster.set([a_pod()])
    room.cluster.gaps = (Gap("Pod", Why.FORBIDDEN, 'needs the verbs "list" and "watch" on pods'),)
    answer = said(await room.viewer.slash(room.channel, "health all"))
    assert "## ❔ Unknown" in answer
    assert 'needs the verbs "list" and "watch" on pods' in answer


async def test_an_answer_can_be_for_one_person_alone(room: Room):
    """`private` makes it ephemeral; without it everybody in the channel sees it."""
    assert (await room.viewer.slash(room.channel, "health all", private=True)).ephemeral
    assert not (await room.viewer.slash(room.channel, "health all")).ephemeral


async def test_a_namespace_narrows_the_answer(room: Room):
    """Only what is there is reported and counted."""
    room.cluster.set([BROKEN, a_pod("other", waiting="ErrImagePull", namespace="media")])
    answer = said(await room.viewer.slash(room.channel, "health pods", namespace="media"))
    assert "**Pod** `media/other`" in answer
    assert "apps/web" not in answer


async def test_namespaces_are_suggested_from_live_objects(room: Room):
    """Autocomplete offers what the cluster has and what was typed matches."""
    offered = await room.viewer.autocomplete(room.channel, "health pods", "namespace", "SYS")
    assert [each["value"] for each in offered] == ["flux-system", "kube-system"]


async def test_a_stranger_is_refused_at_command_autocomplete_and_click(room: Room):
    """Nobody without a role learns anything, wherever they knock."""
    room.cluster.set([BROKEN])
    shown = await room.viewer.slash(room.channel, "health all")
    asked = room.cluster.asked
    refused = await room.stranger.slash(room.channel, "health all")
    assert refused.ephemeral
    assert "viewer role" in said(refused)
    assert await room.stranger.autocomplete(room.channel, "health pods", "namespace", "") == []
    assert await room.stranger.autocomplete(room.channel, "why", "finding", "") == []
    clicked = await room.stranger.click(message(shown), label="Export")
    assert clicked.ephemeral
    assert "viewer role" in said(clicked)
    chosen = await room.stranger.select(message(shown), [code_in(shown)])
    assert "viewer role" in said(chosen)
    assert room.cluster.asked == asked


async def test_a_role_counts_as_it_is_at_the_click(room: Room):
    """Who loses the role loses the button, though the message stays."""
    room.cluster.set([BROKEN])
    shown = await room.viewer.slash(room.channel, "health all")
    room.env.backend.get_guild(room.channel.guild.id).members[room.viewer.id].role_ids.clear()
    assert "viewer role" in said(await room.viewer.click(message(shown), label="Export"))


async def test_choosing_a_finding_tells_its_story_to_that_person(room: Room):
    """The select drills in: events, last log lines and the next step, ephemeral."""
    room.cluster.set([BROKEN])
    ref = Ref("Pod", "apps", "web")
    room.cluster.story[ref] = (Event(type="Warning", reason="BackOff", message="restarting"),)
    room.cluster.logs[ref] = LogTail(container="main", previous=True, lines=("out of memory",))
    shown = await room.viewer.slash(room.channel, "health all")
    story = await room.viewer.select(message(shown), [code_in(shown)])
    assert story.ephemeral
    assert "restarting" in said(story)
    assert "out of memory" in said(story)
    assert "kubectl get pods -A" in said(story)


async def test_buttons_work_after_a_restart(room: Room):
    """The report is forgotten, so it is asked for again; the finding is the same."""
    room.cluster.set([BROKEN])
    shown = await room.viewer.slash(room.channel, "health all")
    await room.restart()
    assert "**CrashLoopBackOff**" in said(
        await room.viewer.select(message(shown), [code_in(shown)])
    )
    exported = await room.viewer.click(message(shown), label="Export")
    assert message(exported).attachments


async def test_a_finding_that_was_mended_since_is_said_to_be_gone(room: Room):
    """After a restart and a repair the choice stands for nothing, and says so."""
    room.cluster.set([BROKEN])
    shown = await room.viewer.slash(room.channel, "health all")
    room.cluster.set([a_pod("web")])
    await room.restart()
    assert "it is fixed" in said(await room.viewer.select(message(shown), [code_in(shown)]))


async def test_export_gives_the_report_that_was_answered(room: Room):
    """JSON and text of that very report, although the cluster has changed since."""
    room.cluster.set([BROKEN])
    shown = await room.viewer.slash(room.channel, "health all")
    room.cluster.set([])
    exported = await room.viewer.click(message(shown), label="Export")
    files = {each.filename: await each.read() for each in message(exported).attachments}
    (as_json,) = (content for name, content in files.items() if name.endswith(".json"))
    (finding,) = msgspec.json.decode(as_json)["findings"]
    assert finding["name"] == "web"
    (as_text,) = (content for name, content in files.items() if name.endswith(".txt"))
    assert b"Pod apps/web" in as_text


async def test_a_failure_of_ours_shows_a_number_and_no_trace(room: Room, caplog):
    """The person gets an id, the log the trace under the same id."""
    room.cluster.fails = RuntimeError("secret detail")
    answer = said(await room.viewer.slash(room.channel, "health all"))
    number = re.search(r"`([0-9a-f]{8})`", answer)
    assert number
    assert "secret detail" not in answer
    assert number[1] in caplog.text


async def test_a_cluster_that_fails_is_explained_in_our_words(room: Room):
    """A known failure is told as it is."""
    room.cluster.fails = ClusterError("The API server at https://10.0.0.1 did not answer in time.")
    answer = said(await room.viewer.slash(room.channel, "health all"))
    assert "did not answer in time" in answer


async def test_a_story_without_events_says_that_they_were_not_seen(room: Room):
    """What cannot be read beside a finding does not hide the finding."""
    room.cluster.set([BROKEN])
    room.cluster.details_fail = ClusterError("events is forbidden")
    shown = await room.viewer.slash(room.channel, "health all")
    story = said(await room.viewer.select(message(shown), [code_in(shown)]))
    assert "CrashLoopBackOff" in story
    assert "not seen" in story
    assert "events is forbidden" in story


async def test_ten_thousand_findings_still_make_one_valid_message(room: Room):
    """The limits of a message hold, what is left out is counted, and the file has all."""
    room.env.settle_timeout = 60.0
    names = ((f"web-{n}", f"team-{n % 40}") for n in range(10_000))
    room.cluster.set(a_pod(name, namespace=place, waiting="ErrImagePull") for name, place in names)
    shown = await room.viewer.slash(room.channel, "health pods")
    assert "9,992 more" in said(shown)
    exported = await room.viewer.click(message(shown), label="Export")
    assert message(exported).attachments
