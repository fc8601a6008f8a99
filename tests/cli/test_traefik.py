"""`meshmedic traefik` as a process: over a simulated homelab, and over saved logs."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from bot.sandbox.scenarios import ordinary
from bot.traefik.views import json as json_traefik
from tests import warm
from tests.json_schema import validate
from tests.places import ROOT
from tests.traefik.world import POD, created, refused

PATIENCE = 120


def ran(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    env = {**os.environ, "COLUMNS": "100"}
    done = warm.python("-m", "bot", "traefik", *arguments, env=env, stdin=stdin)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture
async def homelab(tmp_path: Path) -> AsyncIterator[str]:
    """The ordinary bad day, on a real wire; gives the kubeconfig's path."""
    lab = ordinary.homelab(datetime.now(UTC))
    cluster = SimulatedCluster(lab.objects)
    lab.prepare(cluster)
    async with serve(cluster) as url:
        write_kubeconfig(tmp_path / "kubeconfig", url)
        yield str(tmp_path / "kubeconfig")


async def test_the_homelabs_502_is_told_by_route_with_pod_and_node(homelab: str) -> None:
    code, out, _ = await asyncio.to_thread(ran, "logs", "--kubeconfig", homelab)
    assert code == 2
    assert "70 requests to 10 routes failed" in out
    assert "All of them at pods on other nodes than Traefik's (`edge`)." in out
    assert "ingressroute/media/jellyfin" in out
    assert "502 connection refused ×7 at 10.42.1.20:8096" in out
    code, out, _ = await asyncio.to_thread(
        ran, "routes", "--output", "json", "--kubeconfig", homelab
    )
    told = json.loads(out)
    validate(told, json_traefik.schema())
    assert (code, told["routes"]["of"]) == (2, "log")
    assert sum(bool(each["rules"][0]["live"]) for each in told["routes"]["routes"]) == 11
    code, out, _ = await asyncio.to_thread(
        ran, "describe", "media/jellyfin", "--kubeconfig", homelab
    )
    assert code == 1
    assert "media/jellyfin:80 by pod IPs" in out
    assert "502 connection refused at 10.42.1.20:8096" in out


def test_a_saved_log_is_read_without_a_cluster(tmp_path: Path) -> None:
    """Addresses are then not classified, and that is said."""
    (tmp_path / "log").write_text(created(POD) + refused() * 3 + "noise\n")
    code, out, _ = ran("logs", "--file", str(tmp_path / "log"))
    assert code == 2
    assert "3 requests" in out
    assert "502 connection refused ×3 at 10.42.1.7:8080" in out
    assert "Addresses are not classified: no cluster was asked." in out
    code, piped, _ = ran("logs", "--file", "-", stdin=(tmp_path / "log").read_bytes())
    assert (code, piped) == (2, out)


async def test_a_saved_log_is_classified_by_the_cluster_that_is_named(
    homelab: str, tmp_path: Path
) -> None:
    (tmp_path / "log").write_text(refused("10.42.1.20:8096"))
    code, out, _ = await asyncio.to_thread(
        ran, "logs", "--file", str(tmp_path / "log"), "--kubeconfig", homelab
    )
    assert code == 2
    assert "pod media/jellyfin" in out
    assert "not classified" not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("logs", "--file", "/nowhere/log"), "/nowhere/log: it cannot be read"),
        (("logs", "site", "--file", "-"), "With --file the whole file is read"),
    ],
)
def test_what_cannot_be_done_is_explained(arguments: tuple[str, ...], said: str) -> None:
    code, out, err = ran(*arguments)
    assert (code, out) == (3, "")
    assert said in err


def test_a_large_log_is_streamed_in_bounded_memory(tmp_path: Path) -> None:
    """16 MB, with a line of 10 MB in it: neither all nor the line is ever held."""
    lines = refused().encode() * 25_000
    with (tmp_path / "log").open("wb") as log:
        log.writelines((lines, b"502" * 3_500_000 + b"\n", lines))
    # The peak of this program alone: ru_maxrss is at least that of the process that started it.
    script = (
        "import re, sys;"
        "from pathlib import Path;"
        "from bot.cli.parser import build_parser;"
        "status = Path('/proc/self/status').read_text;"
        "peak = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', status())[1]);"
        "arguments = build_parser().parse_args(sys.argv[1:]);"
        "before = peak();"
        "arguments.command(arguments);"
        "sys.stderr.write(str(peak() - before))"
    )
    asked = ("traefik", "logs", "--output", "json", "--file")
    done = subprocess.run(  # noqa: S603  # ours
        (sys.executable, "-c", script, *asked, str(tmp_path / "log")),
        cwd=ROOT,
        capture_output=True,
        timeout=PATIENCE * 3,
        check=True,
    )
    told = json.loads(done.stdout)["logs"]
    assert told["failures"][0]["count"] == 50_000
    assert told["irrelevant"] == {"too long to be one of these": 1}
    assert int(done.stderr) < 8 * 1024  # KiB
