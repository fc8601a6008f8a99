"""A Secret that Traefik misses shows in every live view, where nobody lists Secrets."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from bot.sandbox.scenarios.homelab import healthy
from tests.cli.test_check import meshmedic

TLS = (
    'ERR Error configuring TLS error="secret media/gone does not exist" ingress=jellyfin '
    "namespace=media providerName=kubernetescrd"
)
USERS = (
    'ERR Error while reading basic auth middleware error="failed to load auth credentials: secret '
    "'media/gone' not found\" middlewareName=media-users providerName=kubernetescrd"
)


def guarded(cluster: SimulatedCluster, route: dict[str, Any]) -> None:
    """The route has a Middleware whose users are in the Secret."""
    route["spec"]["routes"][0]["middlewares"] = [{"name": "users"}]
    meta = {**route["metadata"], "name": "users", "uid": "users"}
    spec = {"basicAuth": {"secret": "gone"}}
    cluster.put({**route, "kind": "Middleware", "metadata": meta, "spec": spec})


def encrypted(_: SimulatedCluster, route: dict[str, Any]) -> None:
    """The route has its certificate in the Secret."""
    route["spec"]["tls"] = {"secretName": "gone"}


@pytest.mark.parametrize(("line", "change"), [(TLS, encrypted), (USERS, guarded)])
async def test_what_traefik_misses_is_healthy_in_no_view(
    line: str, change: Any, tmp_path: Path
) -> None:
    lab = healthy(now := datetime.now(UTC))
    cluster = SimulatedCluster(lab.objects)
    lab.prepare(cluster)
    (key,) = (key for key in cluster.logs if key[2] == "traefik")
    cluster.logs[key] += f"{now - timedelta(minutes=2):%Y-%m-%dT%H:%M:%SZ} {line}\n"
    route = lab.get("IngressRoute", "media", "jellyfin")
    change(cluster, route)
    cluster.put(route)
    async with serve(cluster) as url:
        write_kubeconfig(file := tmp_path / "kubeconfig", url, None)
        for command in (("check",), ("traefik", "routes"), ("net", "diagnose", "media/jellyfin")):
            done = await meshmedic(*command, "--kubeconfig", str(file))
            said = re.sub(r"\s+", " ", done.out + done.err)
            assert "Traefik found no Secret media/gone" in said, (command, said)
            assert done.code in (1, 2), command
