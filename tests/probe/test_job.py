import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.net.probing import protocol as probing
from bot.probe import job as jobs
from bot.probe import outcomes

addresses = st.ip_addresses().map(str)
plain = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40)
probes = st.builds(
    probing.Probe,
    id=plain,
    kind=st.sampled_from(sorted(set(probing.ProbeKind) - jobs.ROUTE_CHECKS)),
    address=addresses,
    port=st.integers(0, 65535),
    name=plain,
    path=plain.map("/{}".format),
    tls=st.booleans(),
    size=st.integers(0, probing.PAYLOAD),
    tries=st.integers(1, 20),
    seconds=st.floats(0.1, 30),
    again=st.integers(0, 5),
    settle=st.floats(0, 30),
)
checks = st.builds(
    probing.Probe,
    id=plain,
    kind=st.sampled_from(sorted(jobs.ROUTE_CHECKS)).map(probing.ProbeKind),
    address=addresses,
    port=st.integers(0, 65535),
    name=plain.filter(bool),
    tls=st.booleans(),
    seconds=st.floats(0.1, 30),
    again=st.just(0),
)
listens = st.builds(
    probing.Listen, name=plain, port=st.integers(0, 65535), seconds=st.floats(1, 900)
)


@given(st.lists(probes | checks, max_size=5), st.none() | listens)
def test_the_prober_reads_whatever_the_bot_writes(
    given_probes: list[probing.Probe], listen: probing.Listen | None
) -> None:
    """Both ends have their own words for it; they must stay the same."""
    sent = probing.ProbeJob(id="j", expires=10.5, probes=tuple(given_probes), listen=listen)
    read = jobs.read(msgspec.json.encode(sent), now=0)
    assert msgspec.json.decode(msgspec.json.encode(read), type=probing.ProbeJob) == sent


def test_the_prober_has_a_word_for_every_outcome() -> None:
    ours = {
        value for name, value in vars(outcomes).items() if name.isupper() and isinstance(value, str)
    }
    assert ours == set(probing.Outcome)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "expires", "probes", "listen", "kind", "port", "address"]), inner
        )
    ),
)


@given(JSON.map(msgspec.json.encode) | st.binary(max_size=100))
def test_no_text_makes_it_do_more_than_refuse(text: bytes) -> None:
    with contextlib.suppress(jobs.JobRefused):
        assert isinstance(jobs.read(text, now=0), jobs.AgentJob)


@pytest.mark.parametrize(
    "more", [{"path": "/login"}, {"path": "/?a=b"}, {"tries": 2}, {"again": 1}, {"size": 1}]
)
@pytest.mark.parametrize("kind", sorted(jobs.ROUTE_CHECKS))
def test_a_route_check_can_be_nothing_but_one_request_of_the_root(
    kind: str, more: dict[str, object]
) -> None:
    """Whoever signs jobs cannot make the agents ask more often, or for more, by this kind."""
    least = {"id": "a", "kind": kind, "address": "::1", "name": "a.example", "again": 0}
    body: dict[str, object] = {"id": "j", "expires": 20.0, "probes": [least]}
    assert jobs.read(msgspec.json.encode(body), now=10).probes[0].path == "/"
    body["probes"] = [least | more]
    with pytest.raises(jobs.JobRefused, match="limits"):
        jobs.read(msgspec.json.encode(body), now=10)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"expires": 5.0}, "expired"),
        ({"probes": [{"id": "a", "kind": "ping", "address": "::1"}]}, "no kind"),
        ({"probes": [{"id": "a", "kind": "tcp", "address": "host"}]}, "no address"),
        ({"probes": [{"id": "a", "kind": "tcp", "address": "::1", "seconds": 31}]}, "limits"),
        ({"probes": [{"id": "a", "kind": "tcp", "address": "::1", "size": 8193}]}, "limits"),
        ({"probes": [{"id": "a", "kind": "http", "address": "::1", "path": "/ x"}]}, "limits"),
        ({"probes": [{"id": "a", "kind": "http", "address": "::1", "name": "a\r\nb"}]}, "limits"),
        ({"probes": [{"id": "a", "kind": "tcp", "address": "::1", "command": "sh"}]}, "unknown"),
        ({"probes": [{"id": "a", "kind": "tcp", "address": "::1"}] * 2001}, "at most"),
        ({"listen": {"name": "a", "seconds": 1000}}, "limits"),
        ({"listen": {"port": 1}}, "missing"),
    ],
)
def test_what_goes_beyond_the_limits_is_refused_with_a_word(change: object, why: str) -> None:
    body = {"id": "j", "expires": 20.0, "probes": []} | change  # type: ignore[operator]
    with pytest.raises(jobs.JobRefused, match=why):
        jobs.read(msgspec.json.encode(body), now=10)
