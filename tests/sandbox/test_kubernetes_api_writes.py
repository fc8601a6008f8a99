"""The simulated API, written to: what is stored, what watches are told, and what is refused."""

import json

import aiohttp
import pytest

from bot.errors import Absent, Conflict
from bot.kube.client import Api
from bot.kube.connect import connect
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from tests.refusals import CONFIG_MAPS, LEASES, MERGE, REFUSED, Write, a_config_map, a_lease, answer
from tests.sandbox.kubernetes_objects import a_certificate

STANDING = f"{CONFIG_MAPS}/standing"
BLOG = "/apis/cert-manager.io/v1/namespaces/web/certificates/blog"


@pytest.fixture
def cluster() -> SimulatedCluster:
    """With the objects that the table of refusals stands on."""
    return SimulatedCluster([a_config_map("standing"), a_lease("standing"), a_certificate()])


@pytest.fixture
async def api(cluster: SimulatedCluster, tmp_path):
    """The bot's own client of it."""
    async with serve(cluster) as url:
        write_kubeconfig(tmp_path / "kubeconfig", url, None)
        async with connect(kubeconfig=tmp_path / "kubeconfig") as connected:
            yield connected


async def read(api: Api, path: str) -> dict:
    return json.loads(await api.get(path))


async def test_an_object_is_created_replaced_and_deleted(api: Api) -> None:
    """Each write has a new version, and the identity stays."""
    made = json.loads(await api.send("POST", CONFIG_MAPS, a_config_map("new")))
    path = f"{CONFIG_MAPS}/new"
    replaced = json.loads(await api.send("PUT", path, made | {"data": {"a": "2"}}))
    assert replaced["metadata"]["uid"] == made["metadata"]["uid"]
    assert int(replaced["metadata"]["resourceVersion"]) > int(made["metadata"]["resourceVersion"])
    assert (await read(api, path))["data"] == {"a": "2"}
    await api.send("DELETE", path)
    with pytest.raises(Absent):
        await api.get(path)


async def test_a_write_that_changes_nothing_has_no_new_version(api: Api) -> None:
    """As on a real server: watches are not told."""
    before = await read(api, STANDING)
    assert json.loads(await api.send("PUT", STANDING, before)) == before


async def test_of_two_who_read_the_same_version_one_writes(api: Api) -> None:
    """Compare and set: the second one has to read again."""
    read_by_both = await read(api, STANDING)
    await api.send("PUT", STANDING, read_by_both | {"data": {"by": "first"}})
    with pytest.raises(Conflict, match="the object has been modified"):
        await api.send("PUT", STANDING, read_by_both | {"data": {"by": "second"}})
    assert (await read(api, STANDING))["data"] == {"by": "first"}


async def test_a_merge_patch_sets_and_takes_away(api: Api) -> None:
    """RFC 7396: null removes, what is not named stays."""
    change = {"metadata": {"labels": {"x": "y"}}, "data": {"a": None, "b": "2"}}
    await api.send("PATCH", STANDING, change, content_type=MERGE)
    after = await read(api, STANDING)
    assert (after["metadata"]["labels"], after["data"]) == ({"x": "y"}, {"b": "2"})


async def test_a_status_is_written_through_its_own_path_alone(api: Api) -> None:
    """Neither write touches the other's half."""
    done = {"status": {"revision": 3}, "spec": {"secretName": "other"}}
    await api.send("PATCH", f"{BLOG}/status", done, content_type=MERGE)
    after = await read(api, BLOG)
    assert (after["status"], after["spec"]) == ({"revision": 3}, {"secretName": "blog-tls"})
    await api.send("PATCH", BLOG, {"status": {"revision": 9}}, content_type=MERGE)
    assert (await read(api, BLOG))["status"] == {"revision": 3}


async def test_a_dry_run_shows_and_does_nothing(cluster: SimulatedCluster, api: Api) -> None:
    """Every verb; what would be new has no version yet."""
    dry, version = [("dryRun", "All")], cluster.version
    made = json.loads(await api.send("POST", CONFIG_MAPS, a_config_map("new"), dry))
    assert "resourceVersion" not in made["metadata"]
    await api.send("PUT", STANDING, a_config_map("standing") | {"data": {"b": "2"}}, dry)
    await api.send("PATCH", STANDING, {"data": None}, dry, content_type=MERGE)
    await api.send("DELETE", STANDING, None, dry)
    await api.send("DELETE", STANDING, {"dryRun": ["All"]})
    assert cluster.version == version


async def test_a_deletion_with_a_body_does_not_look_at_the_query(api: Api) -> None:
    """As on a real server (tests/cluster): a dry run that is asked for beside the body deletes."""
    version = (await read(api, STANDING))["metadata"]["resourceVersion"]
    options = {"preconditions": {"resourceVersion": version}}
    await api.send("DELETE", STANDING, options, [("dryRun", "All")])
    with pytest.raises(Absent):
        await api.get(STANDING)


async def test_a_write_is_told_to_watches(cluster: SimulatedCluster, api: Api) -> None:
    """Whoever watches sees what another client wrote."""
    query = {"watch": "1", "resourceVersion": str(cluster.version)}
    async with (
        aiohttp.ClientSession() as session,
        session.get(api.host + LEASES, params=query) as watching,
    ):
        await api.send("POST", LEASES, a_lease("new"))
        event = json.loads(await watching.content.readline())
    assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "new")


@pytest.mark.parametrize("write", REFUSED, ids=lambda write: write.title)
async def test_what_is_refused_changes_nothing(
    cluster: SimulatedCluster, api: Api, write: Write
) -> None:
    """Refused with an answer that names its reason. Its words are compared in tests/cluster."""
    version = cluster.version
    async with aiohttp.ClientSession() as session:
        status, body = await answer(session, api.host, write)
    assert (status, body["code"]) == (body["code"], status)
    assert status >= 400
    assert cluster.version == version
