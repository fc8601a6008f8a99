"""Whom an agent tries in the background."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.probe.rounds import NEIGHBOURS, WHOLE, peers


def a_file(folder: Path, nodes: list[str]) -> Path:
    path = folder / "peers"
    given = [{"node": node, "address": "10.42.0.9", "port": 8474} for node in nodes]
    path.write_text(json.dumps(given))
    return path


def test_up_to_fifty_nodes_everybody_tries_everybody(tmp_path: Path) -> None:
    nodes = [f"node-{number}" for number in range(WHOLE)]
    path = a_file(tmp_path, nodes)
    assert [each.node for each in peers(path, "node-7")] == [*nodes[:7], *nodes[8:]]


def test_above_that_each_tries_ten_and_is_tried_by_ten(tmp_path: Path) -> None:
    nodes = [f"node-{number}" for number in range(300)]
    path = a_file(tmp_path, nodes)
    tried = Counter(peer.node for node in nodes for peer in peers(path, node))
    assert set(tried.values()) == {NEIGHBOURS}
    assert len(tried) == 300


def test_a_node_that_goes_changes_the_ring_only_beside_it(tmp_path: Path) -> None:
    nodes = [f"node-{number}" for number in range(100)]
    before = {node: {each.node for each in peers(a_file(tmp_path, nodes), node)} for node in nodes}
    path = a_file(tmp_path, nodes[1:])
    after = {node: {each.node for each in peers(path, node)} for node in nodes[1:]}
    assert sum(before[node] != after[node] for node in after) == NEIGHBOURS


def test_no_file_is_no_round(tmp_path: Path) -> None:
    assert peers(tmp_path / "nothing", "a") == []


entries = st.fixed_dictionaries(
    {},
    optional={
        "node": st.text(max_size=3) | st.integers(),
        "address": st.sampled_from(["::1", "10.0.0.1", "10.0.0.1/8", "host", 7]),
        "port": st.integers(-1, 70_000) | st.booleans() | st.none(),
    },
)


@given(st.lists(entries).map(json.dumps) | st.text() | entries.map(json.dumps))
def test_only_whole_entries_are_peers(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "peers"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    for peer in peers(path, "a"):
        assert peer.address in ("::1", "10.0.0.1")
        assert 0 < peer.port < 65536
