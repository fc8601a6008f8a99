"""`meshmedic sites` as a process, over simulated homelabs."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from bot.sandbox.scenarios import Homelab, ordinary
from bot.sandbox.scenarios.homelab import healthy
from bot.sites.views import json as json_sites
from tests.cli.test_check import Done, meshmedic
from tests.json_schema import validate

FORBIDDEN = {"ingressroutes": "traefik.io", "ingresses": "networking.k8s.io"}


async def sites(
    build: Callable[[datetime], Homelab], folder: Path, *arguments: str, forbid: bool = False
) -> Done:
    """Ask about one homelab."""
    lab = build(datetime.now(UTC))
    cluster = SimulatedCluster(lab.objects)
    lab.prepare(cluster)
    for plural, group in FORBIDDEN.items() if forbid else ():
        cluster.forbid("list", plural, group)
    async with serve(cluster) as url:
        write_kubeconfig(folder / "kubeconfig", url)
        return await meshmedic("sites", "--kubeconfig", str(folder / "kubeconfig"), *arguments)


async def test_the_ordinary_homelab_tells_which_sites_answer_502(tmp_path: Path) -> None:
    """By Traefik's log alone; nobody has asked for the eleventh."""
    done = await sites(ordinary.homelab, tmp_path)
    lines = done.out.splitlines()
    assert (done.code, done.err) == (1, "")
    assert lines[0] == "10 of 10 sites don't answer · 1 not tested"
    assert sum(line.startswith("fails ") and "  502 · " in line for line in lines) == 10
    assert "1 site not tested: vaultwarden.lab.example.org." in done.out


async def test_a_homelab_that_nobody_tested_ends_with_0(tmp_path: Path) -> None:
    """What was not tested counts in no exit code."""
    done = await sites(healthy, tmp_path)
    assert done.code == 0
    assert done.out.startswith("11 sites, none tested yet")


async def test_json_keeps_its_schema_and_a_namespace_narrows_it(tmp_path: Path) -> None:
    """With the evidence of each site."""
    done = await sites(ordinary.homelab, tmp_path, "-o", "json", "-n", "media")
    answer = json.loads(done.out)
    validate(answer, json_sites.schema())
    assert {site["host"].partition(".")[0] for site in answer["sites"]} == {
        *("immich", "jellyfin", "navidrome"),
    }
    assert {(site["symptom"], site["source"]) for site in answer["sites"]} == {("502", "Traefik")}
    assert (answer["tested"], answer["answering"]) == (3, 0)


@pytest.mark.parametrize("output", ["text", "json"])
async def test_routes_that_may_not_be_read_are_named_and_end_with_3(
    tmp_path: Path, output: str
) -> None:
    """That no site was seen failing proves nothing then."""
    done = await sites(ordinary.homelab, tmp_path, "-o", output, forbid=True)
    assert done.code == 3
    assert "IngressRoute" in done.out


def with_traefik_elsewhere(now: datetime) -> Homelab:
    """A homelab whose Traefik runs in the namespace network, and whose manifests keep it there."""
    lab = healthy(now)
    for plain in lab.objects:
        meta = plain["metadata"]
        if meta.get("namespace") == "kube-system" and "traefik" in meta["name"]:
            meta["namespace"] = "network"
    return lab


NAMED = "MESHMEDIC_TRAEFIK_NAMESPACES=kube-system,traefik,network."


@pytest.mark.parametrize(("command", "code"), [("sites", 3), ("check", 0)])
@pytest.mark.parametrize("output", ["text", "json"])
async def test_a_traefik_in_another_namespace_is_told_with_the_setting_to_add(
    tmp_path: Path, command: str, code: int, output: str
) -> None:
    """From the objects of a cluster to the words that people and scripts read."""
    lab = with_traefik_elsewhere(datetime.now(UTC))
    async with serve(SimulatedCluster(lab.objects)) as url:
        write_kubeconfig(tmp_path / "kubeconfig", url)
        kubeconfig = str(tmp_path / "kubeconfig")
        done = await meshmedic(command, "--kubeconfig", kubeconfig, "-o", output)
    assert (done.code, done.err) == (code, "")
    said = " ".join(done.out.split())
    assert f"runs in network. If it is yours, set {NAMED}" in said
    assert "cannot say whether its routes work" in said
