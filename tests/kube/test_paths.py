"""Names of others lead nowhere else: seen at the server, byte by byte as they arrive."""

import ast
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bot.kube
from bot.domain.election import Alone
from bot.domain.finding import Ref
from bot.errors import Absent, ClusterError, InputError
from bot.kube.change_codec import manifest
from bot.kube.change_store import KubernetesChangeStore
from bot.kube.client import Api
from bot.kube.connect import connect
from bot.kube.events_and_logs import Details
from bot.kube.paths import path
from bot.kube.traefik_reader import TraefikReader
from bot.remediation.change.change import NAME
from bot.routing.instance import TraefikPod
from tests.examples import examples
from tests.kube.test_change_store import a_change

CHANGES = "/apis/meshmedic.dev/v1alpha1/namespaces/meshmedic/changes"
HOSTILE = (
    *("../../secrets/foo", "..", ".", "", "a/b", "a/../../../secrets/foo", "/", "%2e%2e", "a%2fb"),
    *("x?watch=true", "x#y", "x;y", "x&y=z", "x y", "x\n", "\x00", "näme", "٣", "\ud800", "A"),
    "a" * 6000,
)


@dataclass
class Recorded:
    """A server that answers one thing to everything."""

    answer: Any = None
    seen: list[str] = field(default_factory=list)

    async def take(self, request: web.BaseRequest) -> web.Response:
        self.seen.append(request.raw_path)
        if self.answer is None:
            return web.json_response({"kind": "Status"}, status=404)
        return web.json_response(self.answer)


@asynccontextmanager
async def recording(folder: Path) -> AsyncIterator[tuple[Recorded, Api]]:
    recorded = Recorded()
    runner = web.ServerRunner(web.Server(recorded.take))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    made = {
        "clusters": [{"name": "a", "cluster": {"server": f"http://{host}:{port}"}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "users": [{"name": "a", "user": {}}],
        "current-context": "a",
    }
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(made))
    try:
        async with connect(kubeconfig=kubeconfig) as api:
            yield recorded, api
    finally:
        await runner.cleanup()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[tuple[Recorded, Api]]:
    async with recording(tmp_path) as pair:
        yield pair


Server = tuple[Recorded, Api]


@pytest.mark.parametrize("typed", HOSTILE)
async def test_what_is_typed_as_a_change_is_held_against_what_changes_are_called(
    server: Server, typed: str
) -> None:
    """Nothing is asked of the API server, and the answer says what a name looks like."""
    recorded, api = server
    with pytest.raises(InputError, match=r"no name of a change.*/fix history") as caught:
        await KubernetesChangeStore(api, "meshmedic", Alone()).read(typed)
    assert recorded.seen == []
    assert len(str(caught.value)) < 400


async def test_a_proper_name_is_asked_for_as_it_is(server: Server) -> None:
    recorded, api = server
    with pytest.raises(InputError, match="There is no change"):
        await KubernetesChangeStore(api, "meshmedic", Alone()).read("20261123-1200-web-0001")
    assert recorded.seen == [f"{CHANGES}/20261123-1200-web-0001"]


async def test_no_text_leads_out_of_the_folder_that_it_is_asked_in(tmp_path: Path) -> None:
    """By any text at all as the name, and any as a namespace: a segment stays one segment."""

    @settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(HOSTILE) | st.text(st.characters() | st.sampled_from("./%?#:\\")))
    def collect(text: str) -> None:
        texts.append(text)

    texts: list[str] = []
    collect()
    async with recording(tmp_path) as (recorded, api):
        for text in texts:
            recorded.seen.clear()
            with pytest.raises(ClusterError) as caught:
                await api.get(path("/api/v1/namespaces", text, "pods", text, "log"))
            if not isinstance(caught.value, Absent):
                assert "no name of an object" in str(caught.value)
                assert recorded.seen == []
                continue
            (raw,) = recorded.seen
            segments = raw.split("/")
            assert segments[:4] == ["", "api", "v1", "namespaces"]
            assert [unquote(segments[at]) for at in (4, 6)] == [text, text]
            assert (segments[5], *segments[7:]) == ("pods", "log")


async def test_names_that_the_cluster_itself_tells_are_no_ways_out_either(server: Server) -> None:
    """A pod's argument is its owner's, and so is what an object's name may hold."""
    recorded, api = server
    base = "--api.basepath=/../../../../secrets"
    pod = TraefikPod(
        *("kube-system", "traefik-x", True, "traefik:v3.6.0", "", ("--api.insecure", base)),
        container="traefik",
    )
    await TraefikReader(api).runtime(pod)
    assert recorded.seen
    assert not any("secrets" in raw.partition("?")[0] for raw in recorded.seen)
    recorded.seen.clear()
    with pytest.raises(ClusterError, match="no name of an object"):
        await Details(api).events(Ref("Pod", "../../..", "x"))
    assert recorded.seen == []


def a_manifest() -> dict[str, Any]:
    made = manifest(a_change())
    made["metadata"] |= {"namespace": "meshmedic", "resourceVersion": "7"}
    return made


def strange() -> dict[str, dict[str, Any]]:
    """Objects that have all that a Change has, and are none, or not the one that was asked for."""
    own, meta = a_manifest(), a_manifest()["metadata"]
    hidden = "hunter2-secret-value - at nowhere"
    return {
        "kind": {**own, "kind": hidden},
        "version": {**own, "apiVersion": f"{hidden}/v1"},
        "namespace": {**own, "metadata": {**meta, "namespace": hidden}},
        "name": {**own, "metadata": {**meta, "name": hidden}},
        "without a kind": {key: value for key, value in own.items() if key != "kind"},
        "way": {**own, "spec": {**own["spec"], "way": hidden}},
        "state": {**own, "status": {"state": hidden}},
        "a Secret": {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": {hidden: ""}},
    }


@pytest.mark.parametrize("which", strange().keys())
async def test_an_object_that_is_not_the_change_that_was_asked_for_is_no_change(
    server: Server, which: str
) -> None:
    """Not even where it looks like one; and nothing of it is shown."""
    recorded, api = server
    recorded.answer = strange()[which]
    store = KubernetesChangeStore(api, "meshmedic", Alone())
    with pytest.raises(ClusterError) as caught:
        await store.read("20261123-1200-web-0001")
    shown = f"{caught.value!r} {caught.value.__cause__!r}"
    assert "20261123-1200-web-0001" in shown
    assert "hunter2" not in shown
    recorded.answer = a_manifest()
    assert (await store.read("20261123-1200-web-0001")).requester == a_change().requester


async def test_a_list_holds_changes_of_its_namespace_alone(server: Server) -> None:
    """What is none is passed over."""
    recorded, api = server
    recorded.answer = {"items": [*strange().values(), a_manifest()], "metadata": {}}
    # Under another name it is a Change as well, but for what else is wrong with it.
    (other, own) = await KubernetesChangeStore(api, "meshmedic", Alone()).every()
    assert {own.name, other.name} >= {"20261123-1200-web-0001"}


def test_the_names_that_are_given_are_names_of_the_api_server_too() -> None:
    """So that no Change is made which could not be read."""
    name = a_change().name
    assert NAME.fullmatch(name)
    assert path("/x", name) == f"/x/{name}"


def test_paths_are_made_at_one_place() -> None:
    """The type checker lets nothing else be sent; here, that nobody calls a text a path."""
    for file in Path(bot.kube.__path__[0]).glob("*.py"):
        if file.name == "paths.py":
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(func=ast.Name(id="ApiPath")):
                    pytest.fail(f"{file.name}:{node.lineno} calls a text a path")
                case ast.Call(func=ast.Name(id="path"), args=[ast.JoinedStr() as root, *_]):
                    constant = all(
                        isinstance(part, ast.Constant)
                        or (isinstance(part.value, ast.Name) and part.value.id.isupper())
                        for part in root.values
                    )
                    assert constant, f"{file.name}:{node.lineno} begins with what is not quoted"
                case ast.Call(func=ast.Name(id="path"), args=[ast.BinOp(), *_]):
                    pytest.fail(f"{file.name}:{node.lineno} begins with what is not quoted")
