"""What a person types is a goal of one request, or is refused in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.refusal import Refusal
from bot.domain.snapshot import Snapshot
from bot.net.request.destination import Destination, resolve, suggestions
from tests.builders import an_object
from tests.fakes import snapshot_of
from tests.pumping import limited
from tests.render.strategies import hostile


def a_service(name: str, *ports: tuple[str, int], vip: str = "10.43.0.7", **spec: object):
    listed = [{"name": named, "port": port, "protocol": "TCP"} for named, port in ports]
    return an_object("Service", name, spec={"clusterIP": vip, "ports": listed, **spec})


@pytest.fixture
def seen() -> Snapshot:
    dns = an_object("Service", "dns", spec={"ports": [{"port": 53, "protocol": "UDP"}]})
    return snapshot_of(
        a_service("web", ("metrics", 9100), ("http", 80)),
        a_service("db", ("postgres", 5432)),
        a_service("secure", ("https", 8443)),
        a_service("none", ("http", 80), vip="None"),
        a_service("empty"),
        a_service("away", type="ExternalName", externalName="example.org", vip=""),
        dns,
    )


def found(seen: Snapshot, typed: str) -> Destination:
    goal = resolve(seen, typed)
    assert isinstance(goal, Destination), goal
    return goal


def refused(seen: Snapshot, typed: str) -> str:
    goal = resolve(seen, typed)
    assert isinstance(goal, Refusal), goal
    return goal.detail


@pytest.mark.parametrize("host", ["a" * 64, "a" * 60 + "!", "a-" * 30, "a." * 120 + "!", "a..b"])
def test_a_text_that_is_no_name_is_refused_at_once(seen: Snapshot, host: str) -> None:
    """Labels are of 63 characters at most, and a dot is between any two of them."""
    with limited(1):
        assert "isn't a valid name or address" in refused(seen, host)


@pytest.mark.parametrize("host", ["a" * 63 + ".b", "_acme.example.org.", "a_.B-1.example", "x"])
def test_a_name_of_dns_is_a_goal(seen: Snapshot, host: str) -> None:
    """Underscores and a last dot included."""
    assert found(seen, host).name == host


def test_a_service_is_reached_by_its_name_and_its_vip(seen: Snapshot) -> None:
    """The documented request: its address is known without DNS, which is tested beside it."""
    goal = found(seen, "http://web.apps.svc.cluster.local")
    assert (goal.name, goal.address) == ("web.apps.svc.cluster.local", "10.43.0.7")
    assert (goal.port, goal.http, goal.tls) == (80, True, False)
    assert found(seen, "web.apps:80").url == "http://web.apps.svc.cluster.local:80/"


@pytest.mark.parametrize(
    ("typed", "port", "http", "tls"),
    [
        ("web.apps", 9100, False, False),
        ("db.apps", 5432, False, False),
        ("secure.apps", 8443, True, True),
        ("https://web.apps:80/x", 80, True, True),
        ("none.apps.svc", 80, True, False),
        ("10.42.0.20:80", 80, True, False),
        ("10.42.0.20:6379", 6379, False, False),
        ("http://[fd00::7]:8080/", 8080, True, False),
        ("https://example.org", 443, True, True),
        ("example.org", 443, True, True),
        ("example.org:22", 22, False, False),
        ("away.apps", 80, True, False),
    ],
)
def test_port_and_protocol_follow_from_what_is_known(
    seen: Snapshot, typed: str, port: int, http: bool, tls: bool
) -> None:
    goal = found(seen, typed)
    assert (goal.port, goal.http, goal.tls) == (port, http, tls)


def test_a_headless_service_and_an_external_name_have_no_address_of_their_own(
    seen: Snapshot,
) -> None:
    assert found(seen, "none.apps").address == ""
    assert found(seen, "away.apps").address == ""


def test_a_port_that_the_service_has_not_is_tested_and_said(seen: Snapshot) -> None:
    goal = found(seen, "web.apps:81")
    assert goal.port == 81
    assert "has no port 81 (it has 9100 metrics, 80 http). Try `web.apps:9100`." in goal.doubt


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "Use a URL"),
        ("a b", "Use a URL"),
        ("a" * 501, "Use a URL"),
        ("ftp://web.apps", "ftp isn't supported"),
        ("http://user:secret@web.apps", "password"),
        ("web.apps:99999", "no valid port"),
        ("web.apps:x", "no valid port"),
        ("10.42.0.20", "Add a port"),
        ("-T.apps", "isn't a valid name or address"),
        ("$(reboot)", "isn't a valid name or address"),
        ("gone.apps.svc", "No Service `apps/gone`. "),
        ("empty.apps", "has no ports"),
        ("dns.apps", "only has UDP ports"),
        ("http://127.0.0.1:10250", "loopback"),
        ("http://169.254.169.254/latest", "link-local"),
        ("http://[::1]/", "loopback"),
        ("http://[::ffff:169.254.169.254]/", "link-local"),
        ("http://0.0.0.0/", "loopback"),
    ],
)
def test_what_cannot_be_tested_is_refused_with_the_reason(
    seen: Snapshot, typed: str, why: str
) -> None:
    assert why in refused(seen, typed)


def test_a_path_cannot_break_out_of_the_request_line(seen: Snapshot) -> None:
    goal = found(seen, "http://web.apps/a?b=ü&c=d#\u00e9")
    assert goal.path.isascii()
    assert goal.path.startswith("/a?b=%C3%BC&c=d")


@given(hostile | st.text(max_size=60))
def test_whatever_is_typed_is_a_goal_or_a_reason(typed: str) -> None:
    goal = resolve(snapshot_of(), typed)
    if isinstance(goal, Destination):
        assert goal.url.startswith("http")
        assert goal.url.isascii()
        assert goal.url.isprintable()
        assert 0 < goal.port < 65536
    else:
        assert goal.detail


def test_services_are_suggested_as_they_can_be_asked_for(seen: Snapshot) -> None:
    assert suggestions(seen, "web") == ("web.apps:80", "web.apps:9100")
    assert all(found(seen, each) for each in suggestions(seen, "") if not each.startswith("dns"))
