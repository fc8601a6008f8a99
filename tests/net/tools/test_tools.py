"""What `/net tool` runs: options and targets that are allowed, and nothing that hides in them."""

import ipaddress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.refusal import Refusal
from bot.domain.resources import core, discovery
from bot.domain.resources.base import Object
from bot.domain.snapshot import Gap, Snapshot, Why
from bot.net.tools import command as commands
from bot.net.tools import targets
from bot.net.tools.command import command
from bot.net.tools.options import OPTIONS, Tool

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def made(kind: type[Object], name: str, namespace: str = "", **rest: Any) -> Any:
    meta = {"name": name, "namespace": namespace}
    return msgspec.convert({"metadata": meta, **rest}, kind)


def a_service(name: str, namespace: str = "apps", *, port: int = 80, **spec: Any) -> Any:
    whole = {"clusterIP": "10.43.0.7", "ports": [{"port": port}], **spec}
    return made(core.Service, name, namespace, spec=whole)


SNAPSHOT = Snapshot(
    NOW,
    {
        core.Node: (
            made(
                core.Node,
                "home-1",
                spec={"podCIDR": "10.42.1.0/24", "podCIDRs": ["10.42.1.0/24", "fd00:1::/64"]},
                status={
                    "addresses": [
                        {"type": "Hostname", "address": "home-1"},
                        {"type": "InternalIP", "address": "100.64.0.11"},
                    ]
                },
            ),
            made(
                core.Node,
                "odd",
                status={"addresses": [{"type": "InternalIP", "address": "127.0.0.1"}]},
            ),
        ),
        core.Pod: (
            made(core.Pod, "web-1", "apps", status={"podIP": "10.42.1.25"}),
            made(core.Pod, "new", "apps"),
        ),
        core.Service: (
            a_service("web"),
            a_service("grafana", clusterIP="10.43.0.8", port=3000),
            a_service("headless", clusterIP="None"),
            a_service("away", type="ExternalName", externalName="example.org", clusterIP=""),
            a_service("friend", type="ExternalName", externalName="nas.example.net", clusterIP=""),
        ),
        discovery.EndpointSlice: (),
    },
)
ALSO = targets.allowed(["nas.example.net", ".lab.example.net", "192.0.2.0/24", "203.0.113.9"])


def run(tool: Tool, target: str, words: str = "") -> tuple[str, ...] | Refusal:
    return command(SNAPSHOT, tool, target, words, ALSO)


def argv(tool: Tool, target: str, words: str = "") -> tuple[str, ...]:
    found = run(tool, target, words)
    assert not isinstance(found, Refusal), found
    return found


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("10.42.1.25", "10.42.1.25"),
        ("10.42.1.99", "10.42.1.99"),
        ("::ffff:10.42.1.99", "10.42.1.99"),
        ("FD00:1:0::25", "fd00:1::25"),
        ("10.43.0.7", "10.43.0.7"),
        ("home-1", "100.64.0.11"),
        ("HOME-1", "100.64.0.11"),
        ("apps/web-1", "10.42.1.25"),
        ("apps/web", "10.43.0.7"),
        ("web.apps", "10.43.0.7"),
        ("web.apps.svc", "10.43.0.7"),
        ("web.apps.svc.cluster.local.", "10.43.0.7"),
        ("apps/headless", "headless.apps.svc.cluster.local"),
        ("apps/friend", "friend.apps.svc.cluster.local"),
        ("nas.example.net", "nas.example.net"),
        ("a.b.lab.example.net", "a.b.lab.example.net"),
        ("192.0.2.77", "192.0.2.77"),
    ],
)
def test_what_belongs_to_the_cluster_or_is_named_by_the_owner_is_a_target(
    target: str, place: str
) -> None:
    assert argv(Tool.TRACEPATH, target)[-2:] == ("--", place)


@pytest.mark.parametrize(
    "target",
    [
        "example.org",
        "lab.example.net",
        "evil-lab.example.net",
        "nas.example.net.evil.org",
        "8.8.8.8",
        "10.42.2.1",
        "apps/away",
        "away.apps.svc.cluster.local",
        "nothing.apps.svc.cluster.local",
        "apps/nothing",
        "apps/new",
        "odd",
        "127.0.0.1",
        "::1",
        "0.0.0.0",  # noqa: S104  # a target that is refused
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "fe80::1%eth0",
        "10.42.1.25%eth0",
        "224.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "010.042.1.25",
        "-c",
        "--help",
        "@10.43.0.7",
        "home-1 -c 5",
        "home-1;id",
        "$(id)",
        "home-1\n",
        "hòme-1",
        "",
        "x" * 600,
        "a" * 64 + ".lab.example.net",
    ],
)
def test_whatever_else_is_refused_by_every_tool(target: str) -> None:
    """Beyond the cluster, what another reader may read as an address, options and shell."""
    for tool in Tool:
        if tool is Tool.DIG and target.endswith(".cluster.local"):
            continue
        assert isinstance(run(tool, target), Refusal), tool


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        (Tool.DIG, "-f /etc/passwd"),
        (Tool.DIG, "@8.8.8.8"),
        (Tool.DIG, "@apps/headless"),
        (Tool.DIG, "+trace"),
        (Tool.DIG, "-t AXFR"),
        (Tool.DIG, "-t"),
        (Tool.CURL, "-o /tmp/x"),
        (Tool.CURL, "-K /etc/x"),
        (Tool.CURL, "-H @/etc/passwd"),
        (Tool.CURL, "-H Authorization:x"),
        (Tool.CURL, "-H Host:a -L"),
        (Tool.CURL, "-x http://example.org"),
        (Tool.CURL, "-Ik"),
        (Tool.CURL, "-m 1e9"),
        (Tool.CURL, "http://example.org"),
        (Tool.PING, "-f"),
        (Tool.PING, "-c 1000"),
        (Tool.PING, "-c -f"),
        (Tool.PING, "-c4"),
        (Tool.TRACEPATH, "-m 0"),
        (Tool.MTR, "-F /etc/passwd"),
        (Tool.MTR, "--"),
        (Tool.MTR, "-P 65536"),
    ],
)
def test_options_are_only_those_of_the_list_with_values_of_their_kind(
    tool: Tool, words: str
) -> None:
    assert isinstance(run(tool, "home-1", words), Refusal)


def test_what_is_run_is_what_a_person_would_type() -> None:
    assert argv(Tool.DIG, "web.apps.svc.cluster.local", "+short @10.43.0.7 -t SRV") == (
        *("dig", "+time=3", "+tries=2", "+short", "-t", "SRV", "@10.43.0.7"),
        *("-q", "web.apps.svc.cluster.local"),
    )
    assert argv(Tool.DIG, "not.there.svc.cluster.local")[-1] == "not.there.svc.cluster.local"
    assert argv(Tool.DIG, "10.42.1.25")[-2:] == ("-x", "10.42.1.25")
    assert argv(Tool.PING, "home-1", "-c 2 -M do -s 1400") == (
        *("ping", "-n", "-w", "20", "-c", "2", "-M", "do", "-s", "1400", "--", "100.64.0.11"),
    )
    assert argv(Tool.MTR, "home-1")[-4:] == ("-c", "5", "--", "100.64.0.11")


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("apps/web", "http://web.apps.svc.cluster.local:80/"),
        ("apps/web:8080/a?b=c", "http://web.apps.svc.cluster.local:8080/a?b=c"),
        ("https://apps-web.lab.example.net/x", "https://apps-web.lab.example.net:443/x"),
        ("grafana.apps/login", "http://grafana.apps.svc.cluster.local:3000/login"),
        ("[fd00:1::25]:80/", "http://[fd00:1::25]:80/"),
        ("10.42.1.25?a=1", "http://10.42.1.25:80/?a=1"),
        ("nas.example.net/a@b", "http://nas.example.net:80/a@b"),
    ],
)
def test_curl_is_given_a_url_that_is_written_anew(target: str, url: str) -> None:
    assert argv(Tool.CURL, target)[-2:] == ("--url", url)


@pytest.mark.parametrize(
    "target",
    [
        "http://nas.example.net@example.org/",
        "http://nas.example.net\\@example.org/",
        "http://nas.example.net#@example.org/",
        "http://example.org#nas.example.net",
        "http://[::1]/",
        "file:///etc/passwd",
        "gopher://nas.example.net",
        "nas.example.net:0",
        "nas.example.net:65536",
        "nas.example.net/{a,b}",
        "nas.example.net/[1-9]",
        "http://http://nas.example.net",
    ],
)
def test_a_url_that_two_readers_read_differently_is_refused(target: str) -> None:
    assert isinstance(run(Tool.CURL, target), Refusal)


PIECES = [
    *("home-1", "apps/web", "10.42.1.25", "nas.example.net", "example.org", "169.254.169.254"),
    *("-", "--", "-c", "-H", "-o", "+", "@", ":", "/", "?", "#", "%", "\\", "[", "]", "::1", " "),
    *("http://", "https://", "Host:", "4", "\n", "\t", "\x00", "\x1b", "'", ";", "$(", "."),
]
hostile = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=6).map("".join)


@given(st.sampled_from(Tool), hostile, hostile)
def test_whatever_is_typed_only_listed_options_and_permitted_places_come_out(
    tool: Tool, target: str, words: str
) -> None:
    """Nothing smuggled: what follows our own beginning is the list's, and the place is allowed."""
    found = run(tool, target, words)
    if isinstance(found, Refusal):
        return
    assert all(each.isascii() for each in found)
    before = commands.BEFORE[tool]
    assert found[: len(before)] == before
    rest = list(found[len(before) :])
    marker, place = rest[-2:]
    assert marker in ("--", "--url", "-q", "-x")
    assert place.isprintable()
    assert not place.startswith(("-", "+", "@"))
    host = urlsplit(place).hostname if tool is Tool.CURL else place
    assert host is not None
    assert _permitted(tool, host)
    options = rest[:-2]
    while options:
        word = options.pop(0)
        if tool is Tool.DIG and word.startswith("@"):
            assert _permitted(tool, word[1:])
            continue
        value = OPTIONS[tool][word]
        if value is not None:
            assert value.fits(options.pop(0))


def _permitted(tool: Tool, host: str) -> bool:
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return host.endswith((".svc.cluster.local", ".lab.example.net")) or (
            host == "nas.example.net" or (tool is Tool.DIG and host.endswith(".cluster.local"))
        )
    ranges = ["10.42.1.0/24", "fd00:1::/64", "192.0.2.0/24", "203.0.113.9", "100.64.0.11"]
    return ip in map(ipaddress.ip_address, ("10.43.0.7", "10.43.0.8")) or any(
        ip in ipaddress.ip_network(each) for each in ranges
    )


@given(st.lists(st.text(max_size=20), max_size=3))
def test_a_setting_is_a_name_a_range_or_an_error(entries: list[str]) -> None:
    found = _allowed(entries)
    if found:
        assert len(found.names) + len(found.ranges) == len(entries)


def _allowed(entries: list[str]) -> targets.Allowed | None:
    try:
        return targets.allowed(entries)
    except ValueError:
        return None


def test_a_wrong_setting_is_named() -> None:
    with pytest.raises(ValueError, match="'-x' is not a name, an address"):
        targets.allowed(["example.org", "-x"])


def test_what_could_not_be_read_is_said_instead_of_not_being_there() -> None:
    blind = Snapshot(NOW, {}, (Gap("Service", Why.FORBIDDEN),))
    found = command(blind, Tool.CURL, "apps/web")
    assert isinstance(found, Refusal)
    assert "Service" in found.detail
