"""What a person types to be tested: a URL, a route, a place to start from, a tool's target."""

from bot.domain.refusal import Refusal
from bot.net import route_resolution
from bot.net.probing import wget
from bot.net.probing.protocol import Probe, ProbeKind
from bot.net.request import destination, origin
from bot.net.request.destination import Destination
from bot.net.tools import command, targets
from bot.net.tools.options import Tool
from bot.routing.addresses import parse
from tests.builders import a_pod, an_object
from tests.fuzz.target import Target
from tests.net.networks import a_route, a_rule, a_service, a_slice, a_snapshot, an_endpoint

SNAPSHOT = a_snapshot(
    a_service(clusterIP="10.43.0.7"),
    a_slice("web", an_endpoint("10.42.1.5")),
    a_service("elsewhere", type="ExternalName", externalName="169.254.169.254"),
    a_route(a_rule()),
    a_pod() | {"status": {"phase": "Running", "podIP": "10.42.1.5"}},
    an_object(
        "Node",
        "home-1",
        namespace="",
        spec={"podCIDRs": ["10.42.1.0/24"]},
        status={"addresses": [{"type": "InternalIP", "address": "192.168.1.11"}]},
    ),
)
ALSO = targets.allowed(("example.org", ".example.com", "192.0.2.0/24"))


def run(text: str) -> object:
    """Each reader of it. Nothing that is made of it is an option, or leads to the node itself."""
    reached = destination.resolve(SNAPSHOT, text)
    if isinstance(reached, Destination):
        assert reached.url.startswith(("http://", "https://"))
        assert reached.url.isprintable()
        assert not destination.forbidden(reached.address)
        assert wget.request_argv(reached)[-1] == reached.url
    subject = route_resolution.resolve(SNAPSHOT, text)
    start = origin.resolve(SNAPSHOT, text)
    for suggest in (destination, route_resolution, origin):
        assert len(suggest.suggestions(SNAPSHOT, text)) <= 25
    aim, _, words = text.partition(" ")
    return (
        type(reached),
        type(subject),
        type(start),
        *map(_of_tool, Tool, (aim,), (words,)),
        *(_of_probe(kind, text) for kind in ProbeKind),
    )


def _of_tool(tool: Tool, aim: str, words: str) -> object:
    argv = command.command(SNAPSHOT, tool, aim, words, ALSO)
    if isinstance(argv, Refusal):
        return argv.detail[:12]
    assert not argv[-1].startswith("-")
    assert all(word.isprintable() and word.isascii() for word in argv if "%{" not in word)
    ip = parse(argv[-1])
    assert ip is None or not (ip.is_loopback or ip.is_link_local or ip.is_multicast)
    return len(argv)


def _of_probe(kind: ProbeKind, text: str) -> object:
    name, _, path = text.partition(" ")
    probe = Probe(id="a", kind=kind, address="10.42.1.5", port=80, name=name, path=path)
    argv = wget.probe_argv(probe)
    if isinstance(argv, Refusal):
        return argv.detail[:12]
    assert argv[-1].startswith("http://10.42.1.5")
    assert argv[-1].isprintable()
    return len(argv)


TARGET = Target(
    "destinations",
    run,
    words=(
        *(
            "http://",
            "https://",
            "gopher://",
            "web.apps",
            ".svc.cluster.local",
            "example.org",
            ":80",
        ),
        *("10.42.1.5", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "%eth0"),
        *("169.254.169.254", "user:pass@", "/path?query=1", "#", "apps/web", "pod/apps/web", "-"),
        *("node/home-1", "a.example", "--", "-O", "@10.43.0.10", "+short", "-c", "3", ":99999"),
        *("elsewhere.apps", "192.0.2.7", "home-1", "..", "a" * 64, "xn--", "_dmarc"),
    ),
)
