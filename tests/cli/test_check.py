"""The command line, run as people run it: processes, exit codes, what is printed."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.health.views.json import schema
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from bot.sandbox.scenarios.broken import overlay_down
from tests import warm
from tests.builders import a_pod, an_object
from tests.environment import without_settings
from tests.json_schema import validate


@dataclass(frozen=True)
class Done:
    """What a process left behind."""

    code: int
    out: str
    err: str


async def meshmedic(*arguments: str, stdin: str = "") -> Done:
    """Run it with these arguments, at 80 columns, and no settings of this machine."""
    env = without_settings() | {"COLUMNS": "80"}
    done = await asyncio.to_thread(
        warm.python, "-m", "bot", *arguments, env=env, stdin=stdin.encode()
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def cluster() -> SimulatedCluster:
    return SimulatedCluster([a_pod("fine")])


@pytest.fixture
async def kubeconfig(cluster: SimulatedCluster, tmp_path: Path) -> AsyncIterator[str]:
    async with serve(cluster) as url:
        write_kubeconfig(tmp_path / "kubeconfig", url, None)
        yield str(tmp_path / "kubeconfig")


async def check(kubeconfig: str, *arguments: str) -> Done:
    return await meshmedic("check", "--kubeconfig", kubeconfig, *arguments)


async def test_a_healthy_cluster_ends_with_0(kubeconfig: str):
    """And says so first."""
    done = await check(kubeconfig)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("HEALTHY")


async def test_a_degraded_cluster_ends_with_1(kubeconfig: str, cluster: SimulatedCluster):
    """Suspended is not healthy either."""
    node = an_object("Node", "home-1", namespace="", spec={"unschedulable": True})
    node["status"] = {"conditions": [{"type": "Ready", "status": "True"}]}
    cluster.put(node)
    assert (await check(kubeconfig, "nodes")).code == 1


async def test_a_failed_cluster_ends_with_2(kubeconfig: str, cluster: SimulatedCluster):
    """The pod, its reason, and the code that `why` takes."""
    cluster.put(a_pod("web", waiting="CrashLoopBackOff"))
    cluster.logs["apps", "web", "main", True] = "starting\nout of memory\n"
    done = await check(kubeconfig, "-o", "wide")
    assert done.code == 2
    assert "Pod apps/web" in done.out
    code = done.out.split("Pod apps/web")[1].split()[0]
    story = await meshmedic("why", code, "--kubeconfig", kubeconfig)
    assert story.code == 2
    assert "out of memory" in story.out
    assert "kubectl get pods -A" in story.out


async def test_what_could_not_be_seen_ends_with_3(kubeconfig: str, cluster: SimulatedCluster):
    """Forbidden is unknown, and the missing permission is printed."""
    cluster.forbid("list", "pods")
    done = await check(kubeconfig, "pods")
    assert done.code == 3
    assert '"list" and "watch" on pods' in " ".join(done.out.split())


async def test_a_cluster_that_does_not_answer_ends_with_3(tmp_path: Path):
    """No trace, whatever is wrong with the connection."""
    write_kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:9", None)
    done = await check(str(tmp_path / "kubeconfig"))
    assert done.code == 3
    assert "Traceback" not in done.out + done.err
    assert (await check(str(tmp_path / "missing"))).code == 3


async def test_json_is_valid_by_the_published_schema(kubeconfig: str, cluster: SimulatedCluster):
    """Scripts can rely on it, and on the exit code."""
    cluster.put(a_pod("web", waiting="ErrImagePull"))
    done = await check(kubeconfig, "pods", "--output", "json")
    report = json.loads(done.out)
    validate(report, schema())
    assert done.code == 2
    assert report["seen"] == {"Pod": 2}
    assert report["findings"][0]["documentedAs"] == "kubectl get pods -A"


async def test_the_agents_rounds_are_part_of_the_answer(tmp_path: Path):
    """Every object says that all is well; the overlay of one node is gone."""
    lab = overlay_down(datetime.now(UTC))
    cluster = SimulatedCluster(lab.objects)
    lab.prepare(cluster)
    async with serve(cluster) as url:
        write_kubeconfig(tmp_path / "kubeconfig", url, None)
        done = await check(str(tmp_path / "kubeconfig"))
    assert done.code == 2
    assert "OverlayDown" in done.out
    assert "MESHMEDIC_STATE_NAMESPACE" in done.out


async def test_one_namespace_can_be_asked_for(kubeconfig: str, cluster: SimulatedCluster):
    """Others are neither listed nor counted."""
    cluster.put(a_pod("web", waiting="ErrImagePull", namespace="other"))
    assert (await check(kubeconfig, "pods", "--namespace", "apps")).code == 0


async def test_a_wrong_command_line_ends_with_64_and_the_usage():
    """Never with a code that means something about the cluster."""
    for arguments in (("chek",), ("check", "podz"), ("judge",), ("check", "-o", "yaml")):
        done = await meshmedic(*arguments)
        assert done.code == 64
        assert "usage:" in done.err


async def test_the_scenarios_are_listed_and_a_wrong_port_is_a_wrong_command_line():
    """Nothing is started, and there is no trace."""
    listed = await meshmedic("sandbox", "--scenario", "list")
    assert (listed.code, listed.err) == (0, "")
    assert "flux-broken" in listed.out
    wrong = await meshmedic("sandbox", "--port", "99999")
    assert (wrong.code, wrong.out) == (64, "")
    assert "it is a number from 0 to 65535" in wrong.err


async def test_a_fault_of_our_own_ends_with_70_and_a_word():
    """Python's own 1 would read as degraded. Standard output is closed, which nobody foresaw."""
    command = ["sh", "-c", 'exec "$0" -m bot schema >&-', sys.executable]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    assert process.returncode == 70
    assert b"a fault of meshmedic itself" in said
    assert b"Traceback" not in said


async def test_what_is_no_api_server_is_unknown(tmp_path: Path):
    """Such as a portal that answers everything with a page of its own."""

    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\nConnection: close\r\n\r\n<p>Welcome</p>"
        )
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(page, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        write_kubeconfig(tmp_path / "kubeconfig", f"http://127.0.0.1:{port}", None)
        done = await check(str(tmp_path / "kubeconfig"), "pods")
    assert (done.code, done.err) == (3, "")
    assert "is not a Kubernetes API server" in " ".join(done.out.split())


async def test_judge_reads_a_list_from_standard_input():
    """As `kubectl get … -o json` prints it; one entry for each object, in order."""
    items = [a_pod("fine"), a_pod("web", waiting="CrashLoopBackOff"), {"kind": "Widget"}]
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    done = await meshmedic("judge", "-", "--output", "json", stdin=listed)
    judged = json.loads(done.out)
    assert done.code == 2
    assert [(each["name"], each["verdict"]) for each in judged] == [
        ("fine", "healthy"),
        ("web", "failed"),
        ("", "unknown"),
    ]
    assert set(judged[0]) == {
        "apiVersion", "kind", "namespace", "name", "verdict", "reason", "message",
    }  # fmt: skip


async def test_judge_loses_no_file_to_another_that_is_broken(tmp_path: Path):
    """The broken one is named, the others are judged, and the code says unknown at least."""
    (tmp_path / "good.json").write_text(json.dumps(a_pod()))
    (tmp_path / "bad.yaml").write_text("kind: [")
    done = await meshmedic("judge", str(tmp_path / "bad.yaml"), str(tmp_path / "good.json"))
    assert done.code == 3
    assert "bad.yaml" in done.err
    assert done.out.splitlines()[1].split() == ["healthy", "Pod", "apps/web", "-", "-"]


async def test_judge_takes_the_time_to_judge_at(tmp_path: Path):
    """A certificate is valid one day and expired another."""
    ready = [{"type": "Ready", "status": "True"}]
    certificate = an_object(
        "Certificate",
        "site",
        "cert-manager.io/v1",
        status={"conditions": ready, "notAfter": "2026-06-01T00:00:00Z"},
    )
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(certificate))
    before = await meshmedic("judge", str(path), "--now", "2026-05-01T00:00:00Z")
    after = await meshmedic("judge", str(path), "--now", "2026-07-01")
    assert (before.code, after.code) == (0, 2)
    assert (await meshmedic("judge", str(path), "--now", "tomorrow")).code == 3
