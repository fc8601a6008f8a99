"""`/why` and `/runbook`."""

from tests.builders import a_kustomization, a_pod
from tests.commands.conftest import Room, said


async def test_why_suggests_the_findings_of_the_latest_report(room: Room):
    """After /health all, codes and names can be typed."""
    room.cluster.set([a_pod("web", waiting="CrashLoopBackOff"), a_pod("fine")])
    await room.viewer.slash(room.channel, "health all")
    (offered,) = await room.viewer.autocomplete(room.channel, "why", "finding", "web")
    assert "Pod web is crash-looping (apps)" in offered["name"]
    answer = said(await room.viewer.slash(room.channel, "why", finding=offered["value"]))
    assert "Pod apps/web" in answer


async def test_why_follows_the_chain_to_the_cause(room: Room):
    """A Kustomization that waits for another names it."""
    waiting = a_kustomization("apps", dependsOn=[{"name": "infra"}])
    waiting["status"]["conditions"][0] |= {"status": "False", "reason": "DependencyNotReady"}
    root = a_kustomization("infra")
    root["status"]["conditions"][0] |= {"status": "False", "reason": "BuildFailed"}
    room.cluster.set([waiting, root])
    await room.viewer.slash(room.channel, "health all")
    (offered,) = await room.viewer.autocomplete(room.channel, "why", "finding", "/apps")
    answer = said(await room.viewer.slash(room.channel, "why", finding=offered["value"]))
    assert "because ❌ Kustomization **infra** can't be built from Git" in answer


async def test_an_unknown_code_is_answered_with_what_to_do(room: Room):
    """A mistyped code is no crash."""
    answer = said(await room.viewer.slash(room.channel, "why", finding="zzzzzzz"))
    assert "No finding matches `zzzzzzz`" in answer


async def test_a_name_is_as_good_as_a_code_where_it_is_one_finding(room: Room):
    """People type what they see."""
    room.cluster.set([a_pod("web", waiting="CrashLoopBackOff")])
    answer = said(await room.viewer.slash(room.channel, "why", finding="apps/web"))
    assert "Pod apps/web" in answer


async def test_a_runbook_page_is_found_by_a_word(room: Room):
    """Autocomplete searches the texts, and the page is answered whole."""
    offered = await room.viewer.autocomplete(room.channel, "runbook", "topic", "nativelb")
    assert offered
    answer = said(await room.viewer.slash(room.channel, "runbook", topic=offered[0]["value"]))
    assert "nativeLB" in answer


async def test_an_unknown_topic_lists_what_there_is(room: Room):
    """Nobody has to guess."""
    assert "Known: " in said(
        await room.viewer.slash(room.channel, "runbook", topic="quantum chromodynamics")
    )
