"""What Traefik's API says, decoded: only routers and services, whatever else is in the answer."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.traefik.domain.api import Router, Runtime, decode_lists, decode_rawdata

RAW = {
    "routers": {
        "site@kubernetescrd": {
            "entryPoints": ["web"],
            "service": "mix",
            "rule": "Host(`a`)",
            "status": "enabled",
        },
        "gone@kubernetescrd": {
            "rule": "Host(`b`)",
            "service": "nobody",
            "status": "disabled",
            "error": ['the service "nobody@kubernetescrd" does not exist'],
        },
        "api@internal": {"rule": "PathPrefix(`/api`)", "service": "api@internal"},
    },
    "middlewares": {"auth@kubernetescrd": {"basicAuth": {"users": ["ada:$2y$05$secret"]}}},
    "services": {
        "mix@kubernetescrd": {"weighted": {"services": [{"name": "a"}, {"name": "b@file"}]}},
        "a@kubernetescrd": {
            "loadBalancer": {"servers": [{"url": "http://10.42.1.7:80"}]},
            "serverStatus": {"http://10.42.1.7:80": "UP"},
            "status": "enabled",
            "usedBy": ["site@kubernetescrd"],
        },
        "b@file": {"loadBalancer": {"servers": [{"url": "http://[fd42::7]:80"}]}},
        "circle@file": {"mirroring": {"service": "circle"}},
    },
    "tcpRouters": {"x": 5},
}


def decoded() -> Runtime:
    return decode_rawdata(json.dumps(RAW).encode())


def router(name: str) -> Router:
    return next(each for each in decoded().routers if each.name == name)


def test_servers_are_found_through_what_stands_between() -> None:
    """A weighted service leads to others, of its own provider where none is named."""
    found = decoded().servers(router("site@kubernetescrd"))
    assert found == ("http://10.42.1.7:80", "http://[fd42::7]:80")


def test_a_routers_error_is_kept_in_traefiks_words() -> None:
    gone = router("gone@kubernetescrd")
    assert gone.provider == "kubernetescrd"
    assert gone.errors == ('the service "nobody@kubernetescrd" does not exist',)
    assert decoded().servers(gone) == ()


def test_nothing_of_a_middleware_is_kept() -> None:
    """The same answer holds password hashes."""
    assert b"secret" not in msgspec.json.encode(decoded())


def test_a_circle_of_services_ends() -> None:
    assert decoded().servers(Router("x@file", "", "circle")) == ()


def test_pages_make_the_same() -> None:
    routers = [
        json.dumps([{**each, "name": name}]).encode()
        for name, each in RAW["routers"].items()  # type: ignore[attr-defined]
    ]
    services = [
        json.dumps([{**each, "name": name}]).encode()
        for name, each in RAW["services"].items()  # type: ignore[attr-defined]
    ]
    assert decode_lists(routers, services) == decoded()


@pytest.mark.parametrize("body", [b"", b"404 page not found", b"[]", b'{"routers": []}', b"\xff"])
def test_what_is_no_answer_of_the_api_is_an_error(body: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode_rawdata(body)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "routers",
                    "services",
                    "loadBalancer",
                    "servers",
                    "url",
                    "weighted",
                    "error",
                    "name",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(PLAIN)
def test_any_json_is_decoded_or_refused(plain: object) -> None:
    try:
        runtime = decode_rawdata(json.dumps(plain).encode())
    except msgspec.MsgspecError:
        return
    for each in runtime.routers:
        assert isinstance(runtime.servers(each), tuple)
