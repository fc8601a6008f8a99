"""What was found in the objects of a type still holds for those that did not change since."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.resources import core
from bot.domain.resources.decode import read_object
from bot.domain.snapshot import Indexed

NAMES = st.sampled_from([f"pod-{number}" for number in range(6)])
APPS = st.sampled_from(["", "web", "api"])
STATES = st.lists(st.dictionaries(NAMES, APPS, max_size=6), min_size=1, max_size=5)


def pod(name: str, app: str) -> core.Pod:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": app, "uid": app}
    meta = {
        "name": name,
        "namespace": "default",
        "labels": {"app": app} if app else {},
        "ownerReferences": [{**owner, "controller": True}] if app else [],
    }
    return read_object({"apiVersion": "v1", "kind": "Pod", "metadata": meta}, core.Pod)


def unchanged_or_new(known: core.Pod | None, name: str, app: str) -> core.Pod:
    """The object itself where it is as it was, as the watch cache keeps it."""
    new = pod(name, app)
    return known if known and known.metadata.labels == new.metadata.labels else new


def is_web(item: core.Pod) -> bool:
    return (item.metadata.labels or {}).get("app") == "web"


def found_in(objects: Indexed[core.Pod]) -> object:
    """What the indexes say, without the order in which a change may leave it."""
    return (
        {key: sorted(item.name for item in its) for key, its in objects.by_label("app").items()},
        {key: sorted(item.name for item in its) for key, its in objects.by_controller.items()},
        sorted(item.name for item in objects.those("web", is_web)),
    )


@given(STATES, st.sets(st.integers(0, 4)))
def test_after_any_changes_the_indexes_are_those_of_a_new_list(states, unasked):
    pods: dict[str, core.Pod] = {}
    before: Indexed[core.Pod] = Indexed()
    for number, state in enumerate(states):
        pods = {name: unchanged_or_new(pods.get(name), name, app) for name, app in state.items()}
        objects = Indexed(pods.values()).following(before)
        if number not in unasked:
            assert found_in(objects) == found_in(Indexed(pods.values()))
        before = objects


def test_an_object_that_did_not_change_is_asked_once():
    asked: list[str] = []

    def fits(item: core.Pod) -> bool:
        asked.append(item.name)
        return is_web(item)

    kept, old, new = pod("kept", "web"), pod("changed", "api"), pod("changed", "web")
    first = Indexed((kept, old))
    assert first.those("web", fits) == [kept]
    assert Indexed((kept, new)).following(first).those("web", fits) == [kept, new]
    assert asked == ["kept", "changed", "changed"]


def test_a_group_that_changed_is_in_the_order_of_a_list():
    first = Indexed((pod("a", "web"), pod("c", "web")))
    assert len(first.by_label("app")) == 1
    changed = Indexed((pod("b", "web"), *first)).following(first)
    assert [item.name for item in changed.by_label("app")["default", "web"]] == ["a", "b", "c"]
