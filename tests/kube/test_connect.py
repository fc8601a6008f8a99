"""Opening a connection with a kubeconfig that is missing, wrong or expired."""

from pathlib import Path

import pytest

from bot.domain.resources import core
from bot.domain.snapshot import Why
from bot.errors import ClusterError
from bot.kube import connect as connecting
from bot.kube.connect import INSTALLED_IN, bot_namespace, connect, own_namespace
from bot.kube.one_shot_reader import ClusterReader
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig


async def opened(path, context=None):
    async with connect(kubeconfig=path, context=context) as api:
        return await ClusterReader(api).snapshot([core.Pod])


async def test_a_missing_kubeconfig_says_where_it_looked_and_what_to_do(tmp_path):
    """The path and the way out stand in the message."""
    with pytest.raises(ClusterError, match=r"no kubeconfig at .*nowhere.*--kubeconfig"):
        await opened(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "content", ["", "[", "just words", "apiVersion: v1\nkind: Config\n", "users: 5", "\x00"]
)
async def test_a_wrong_kubeconfig_is_refused_without_a_trace(tmp_path, content):
    """Whatever is in the file, the error is ours and names the file."""
    path = tmp_path / "kubeconfig"
    path.write_text(content)
    with pytest.raises(ClusterError, match="kubeconfig"):
        await opened(path)


async def test_a_context_that_is_not_there_is_named(tmp_path):
    """`--context` with a typing error."""
    write_kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:1", None)
    with pytest.raises(ClusterError, match="homlab"):
        await opened(tmp_path / "kubeconfig", context="homlab")


async def test_an_expired_token_is_said_and_not_repeated(tmp_path):
    """401 leaves nothing seen, says so, and does not print the token."""
    cluster = SimulatedCluster()
    cluster.token = "the-new-token-of-today"
    async with serve(cluster) as url:
        write_kubeconfig(tmp_path / "kubeconfig", url, "the-old-token-of-yesterday")
        snapshot = await opened(tmp_path / "kubeconfig")
    (gap,) = snapshot.gaps
    assert gap.why is Why.UNREACHABLE
    assert "401" in gap.detail
    assert "yesterday" not in gap.detail


async def test_a_server_that_is_not_there_is_said(tmp_path):
    """Connection refused is no trace but a gap that names the address."""
    write_kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:9", None)
    (gap,) = (await opened(tmp_path / "kubeconfig")).gaps
    assert gap.why is Why.UNREACHABLE
    assert "127.0.0.1:9" in gap.detail


def test_outside_a_cluster_there_is_no_namespace_of_ones_own(monkeypatch):
    """A laptop's process is alone, and so is one in a pod that was given a kubeconfig."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert own_namespace(None, None) == ""
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.43.0.1")
    assert own_namespace(Path("kubeconfig"), None) == ""


def test_in_a_pod_it_is_the_one_of_its_account(monkeypatch, tmp_path):
    """As Kubernetes mounts it beside the token; where it is missing, the process does not start."""
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.43.0.1")
    monkeypatch.setattr(connecting, "NAMESPACE_FILE", tmp_path / "namespace")
    with pytest.raises(ClusterError, match=r"cannot be read .* Set MESHMEDIC_STATE_NAMESPACE"):
        own_namespace(None, None)
    (tmp_path / "namespace").write_text("meshmedic\n")
    assert own_namespace(None, None) == "meshmedic"


def test_the_bots_pod_is_looked_for_where_this_one_is_and_else_where_the_state_is(
    monkeypatch, tmp_path
):
    """A setting of the state opens no other namespace: there, anybody may be called the bot."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert bot_namespace(None, None, "") == INSTALLED_IN
    assert bot_namespace(None, None, "state") == "state"
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.43.0.1")
    monkeypatch.setattr(connecting, "NAMESPACE_FILE", tmp_path / "namespace")
    assert bot_namespace(None, None, "state") == "state"
    (tmp_path / "namespace").write_text("meshmedic")
    assert bot_namespace(None, None, "state") == "meshmedic"
