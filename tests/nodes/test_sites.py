"""The witness of the nodes' sites, and how what `/sites` says is read; `make test-nodes` asks."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from bot.probe.checking import USER_AGENT
from tests.nodes.sites import server, situations, witness
from tests.nodes.sites.situations import SITUATIONS
from tests.nodes.sites.telling import NOTHING, REST, by_host
from tests.nodes.sites.witness import Heard

CHECK = Heard(1000.0, "HEAD", "a.example", "/", "", USER_AGENT)


def after(seconds: float, **other: Any) -> Heard:
    """A later request."""
    return replace(CHECK, at=CHECK.at + seconds, **other)


def test_one_request_a_minute_by_head_and_then_by_get_is_what_a_route_check_is() -> None:
    """A site that refuses HEAD is asked by GET from then on, and people ask as they like."""
    person = after(1, agent="curl/8", path="/admin", query="a=b", method="POST")
    other = after(1, host="b.example")
    heard = [CHECK, person, other, after(61, method="GET"), after(125, method="GET")]
    assert list(witness.breaches(heard)) == []


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (after(59), "asked a.example twice within 59.0 s"),
        (after(70, path="/admin"), "asked HEAD /admin of a.example"),
        (after(70, query="a=b"), "asked HEAD /?a=b of a.example"),
        (after(70, method="POST"), "asked POST / of a.example"),
    ],
)
def test_every_other_request_is_a_breach(second: Heard, says: str) -> None:
    """Whatever is more than the light request that was promised."""
    assert list(witness.breaches([CHECK, second])) == [says]


def test_head_after_get_is_a_breach() -> None:
    """The site has said that it has no HEAD."""
    got = after(61, method="GET")
    assert list(witness.breaches([CHECK, got, after(130)])) == [
        "asked a.example by HEAD again, which it refuses"
    ]


def test_a_log_that_is_read_twice_has_each_request_once() -> None:
    """A pod's log is read before its node's power is cut, and again after it."""
    log = f"Starting\n{json.dumps(asdict(CHECK))}\n"
    assert witness.checks([*witness.read(log), *witness.read(log)], "a.example") == [CHECK]


SAID = """\
1 of 2 sites doesn't answer · 4 not tested
2026-11-30 08:00:00 UTC

❌ b.example  does not answer: 502 since 07:58
   HTTP 502 of Traefik itself
   apps/b on n2
✅ a.example  answers: HTTP 200 at 07:59

4 sites not tested: c.example, d.example (its rule does not take /, and no other path
is asked), e.example (no connection to Traefik from its own node (timeout)), f.example. How.
"""


def test_what_is_said_of_a_host_is_read_with_the_lines_below_it() -> None:
    """Those that are not tested stand in one line, with what those beside them have in common."""
    other_path = "not tested: its rule does not take /, and no other path is asked"
    assert by_host(SAID, [f"{letter}.example" for letter in "abcdefg"]) == {
        "a.example": "answers: HTTP 200 at 07:59",
        "b.example": "does not answer: 502 since 07:58\nHTTP 502 of Traefik itself\napps/b on n2",
        "c.example": other_path,
        "d.example": other_path,
        "e.example": "not tested: no connection to Traefik from its own node (timeout)",
        "f.example": "not tested",
        "g.example": NOTHING,
    }


def test_a_host_that_is_not_named_is_not_tested_where_the_line_says_that_there_are_more() -> None:
    """The line has room for some names."""
    said = by_host("9 sites not tested: a.example (one) and 8 more. How.\n", ["a.example", "z"])
    assert said == {"a.example": "not tested: one", "z": REST}


def test_every_situation_has_a_name_of_its_own_and_what_changes_names_only_such() -> None:
    """A host stands for one situation."""
    names = [situation.name for situation in SITUATIONS]
    assert len(set(names)) == len(names)
    assert set(situations.WHILE_BROKEN) <= set(names)


def test_the_backend_prints_what_it_hears_and_answers_as_it_was_told() -> None:
    """As in its pod: HEAD is refused, GET is answered, and the log has both."""
    arguments = ["--port=0", "--head=405", "--status=503", "--header=Retry-After: 120"]
    with subprocess.Popen(  # noqa: S603  # ours
        [sys.executable, "-S", str(Path(server.__file__)), *arguments],
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            assert running.stdout
            port = json.loads(running.stdout.readline().removeprefix("serving "))
            assert _status("HEAD", port) == (405, "120")
            assert _status("GET", port) == (503, "120")
            heard = [Heard(**json.loads(running.stdout.readline())) for _ in range(2)]
        finally:
            running.kill()
    assert [(one.method, one.path, one.query) for one in heard] == [
        ("HEAD", "/", "a=b"),
        ("GET", "/", "a=b"),
    ]
    assert {one.agent for one in heard} == {"somebody"}


def _status(method: str, port: int) -> tuple[int, str | None]:
    request = urllib.request.Request(  # of this test
        f"http://127.0.0.1:{port}/?a=b", method=method, headers={"User-Agent": "somebody"}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=5)  # noqa: S310
    caught.value.close()
    return caught.value.code, caught.value.headers["Retry-After"]
