"""Decoding loses nothing and never raises for what an object holds."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.resources import core
from bot.domain.resources.decode import decode_object, decode_page, read_object
from bot.domain.resources.registry import KINDS
from tests.builders import a_pod

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def spoiled(plain: dict, paths: list[tuple[str, ...]], values: list) -> dict:
    """The object with other values at some of its paths."""
    copied = msgspec.json.decode(msgspec.json.encode(plain))
    for path, value in zip(paths, values, strict=False):
        inner = copied
        for step in path[:-1]:
            inner = inner.get(step) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            inner[path[-1]] = value
    return copied


PATHS = [
    ("metadata", "labels"),
    ("metadata", "name"),
    ("metadata", "creationTimestamp"),
    ("spec",),
    ("spec", "containers"),
    ("spec", "nodeName"),
    ("status",),
    ("status", "phase"),
    ("status", "conditions"),
    ("status", "containerStatuses"),
    ("metadata",),
]


@given(st.lists(st.sampled_from(PATHS), max_size=4), st.lists(junk, min_size=4, max_size=4))
def test_any_value_in_any_place_is_read_or_named(paths, values):
    """Wrong types are named in `malformed`; what is right beside them is still read."""
    plain = spoiled(a_pod("web"), paths, values)
    pod = decode_object(msgspec.json.encode(plain), core.Pod)
    assert pod == read_object(plain, core.Pod)
    kept = plain.get("metadata")
    if isinstance(kept, dict) and isinstance(kept.get("name"), str) and not pod.malformed:
        assert pod.name == kept["name"]


@given(junk)
def test_any_json_at_all_is_taken(plain):
    """A list item that is no object at all becomes an object that says so."""
    for kind in KINDS:
        assert isinstance(read_object(plain, kind.type), kind.type)


def test_null_is_the_same_as_absent():
    """The API writes null where it has nothing."""
    plain = a_pod()
    plain["status"]["conditions"] = None
    plain["metadata"]["creationTimestamp"] = None
    pod = read_object(plain, core.Pod)
    assert not pod.malformed
    assert pod.status.conditions == ()


def test_unknown_fields_are_passed_over():
    """A newer API has more fields than we know."""
    pod = read_object({**a_pod(), "brandNew": {"a": [1]}}, core.Pod)
    assert not pod.malformed


def test_a_cluster_cannot_forge_the_mark_of_a_malformed_object():
    """The mark only ever lowers a verdict, so forging it hides nothing."""
    pod = read_object({**a_pod(), "meshmedic.dev/malformed": ["x"]}, core.Pod)
    assert pod.name == "web"


def test_one_bad_item_does_not_spoil_its_page():
    """The page's other items and its continue token are kept."""
    bad = a_pod("bad")
    bad["spec"] = "none"
    page = {"metadata": {"continue": "t", "resourceVersion": "7"}, "items": [a_pod("good"), bad]}
    read = decode_page(msgspec.json.encode(page), core.Pod)
    assert [(each.name, bool(each.malformed)) for each in read.items] == [
        ("good", False),
        ("bad", True),
    ]
    assert read.metadata.continue_ == "t"
