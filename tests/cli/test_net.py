"""`meshmedic net` as a process: a simulated homelab with kubelets, on a real wire."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.net.views import json as net_json
from bot.sandbox.opening import find, simulated
from tests import warm
from tests.json_schema import validate

NEXTCLOUD = "nextcloud.lab.example.org"


def ran(*arguments: str) -> tuple[int, str, str]:
    env = {**os.environ, "COLUMNS": "80", "MESHMEDIC_PROBE_IMAGE": "registry.example/m:1"}
    done = warm.python("-m", "bot", "net", *arguments, env=env)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


async def net(kubeconfig: Path, *arguments: str) -> tuple[int, str, str]:
    return await asyncio.to_thread(ran, *arguments, "--kubeconfig", str(kubeconfig))


@pytest.fixture
async def homelab() -> AsyncIterator[Path]:
    """The ordinary bad day: a rule on the edge node catches what pods send to port 80."""
    async with simulated(find("homelab")) as path:
        yield path


async def test_a_diagnosis_ends_with_the_code_of_its_verdict(homelab: Path) -> None:
    """At 80 columns, and without a word of progress where nobody looks on."""
    code, out, err = await net(homelab, "diagnose", NEXTCLOUD)
    assert (code, err) == (2, "")
    assert "doesn't answer: a NAT rule on edge intercepts" in out.partition("cause (proven):")[0]
    assert "nativeLB works around it" in out
    assert all(line == line.rstrip() for line in out.splitlines())


async def test_a_diagnosis_as_json_is_valid_by_its_schema(homelab: Path) -> None:
    code, out, _ = await net(homelab, "diagnose", NEXTCLOUD, "--output", "json")
    told = json.loads(out)
    validate(told, net_json.schema(net_json.DIAGNOSIS))
    assert (code, told["row"], told["effect"]) == (2, "redirect", "helps")


async def test_all_routes_are_diagnosed_by_one_subcommand(homelab: Path) -> None:
    """The cause goes first, with its routes; JSON is valid by its schema."""
    code, out, err = await net(homelab, "diagnose", "all", "media", "--output", "json")
    told = json.loads(out)
    validate(told, net_json.schema(net_json.DIAGNOSES))
    assert (code, err) == (2, "")
    assert told["causes"][0]["row"] == "redirect"
    assert len(told["causes"][0]["routes"]) > 1
    assert "nextcloud" not in out
    code, out, _ = await net(homelab, "diagnose", "all", "home")
    assert code == 2
    assert "home-assistant" in out


async def test_a_matrix_names_the_dead_node_and_draws_it(tmp_path: Path) -> None:
    picture = tmp_path / "matrix.png"
    async with simulated(find("overlay-down")) as path:
        code, out, err = await net(path, "matrix", "--picture", str(picture))
        assert (code, err) == (2, "")
        assert "Nothing gets to or from cabin-pi by pod IP: timeout" in out
        assert picture.read_bytes().startswith(b"\x89PNG")
        code, out, _ = await net(path, "matrix", "edge", "--output", "json")
        told = json.loads(out)
        validate(told, net_json.schema(net_json.MATRIX))
        assert code == 2
        assert all("edge" in (each["source"], each["target"]) for each in told["cells"])


async def test_a_healthy_matrix_ends_with_0(homelab: Path) -> None:
    code, out, _ = await net(homelab, "matrix")
    assert code == 0
    assert out.startswith("All nodes reach each other")


async def test_a_picture_that_cannot_be_written_is_no_trace(homelab: Path) -> None:
    code, _, err = await net(homelab, "matrix", "edge", "--picture", "/nonexistent/x.png")
    assert code == 3
    assert "cannot be written" in err
    assert "Traceback" not in err


async def test_one_request_ends_with_the_code_of_its_verdict(homelab: Path) -> None:
    code, out, err = await net(homelab, "test", "edge", "nextcloud.productivity")
    assert (code, err) == (0, "")
    assert "HTTP 200" in out
    assert all(line == line.rstrip() for line in out.splitlines())
    code, out, _ = await net(homelab, "test", "home-1", "10.42.1.250:80", "--output", "json")
    told = json.loads(out)
    validate(told, net_json.schema(net_json.REQUEST))
    assert code == 2
    assert told["attempts"][0]["steps"][0]["outcome"] == "timeout"


async def test_the_runbooks_two_requests_from_traefiks_own_pod(homelab: Path) -> None:
    """Refused by the pod's IP, answered by the VIP: its wget says so, as the runbook has it."""
    code, out, _ = await net(homelab, "test", "traefik", "nextcloud.productivity:80")
    assert code == 0
    assert "wget in the pod itself" in out
    code, out, _ = await net(homelab, "diagnose", NEXTCLOUD, "--output", "json")
    rows = json.loads(out)["evidence"]
    seen = next(each["what"] for each in rows if "refused" in each["result"])
    address = re.search(r"10\.42\.\d+\.\d+", seen)
    assert address, seen
    code, out, _ = await net(homelab, "test", "traefik", f"http://{address[0]}:80")
    assert code == 2
    assert "connection refused (errno 111)" in out


async def test_what_does_not_exist_is_told_and_ends_with_3(homelab: Path) -> None:
    for arguments in (("diagnose", "nowhere"), ("matrix", "nowhere"), ("test", "nowhere", "x:1")):
        code, out, err = await net(homelab, *arguments)
        assert (code, out) == (3, "")
        assert "nowhere" in err
        assert "Traceback" not in err
