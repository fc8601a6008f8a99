"""Commands in a container, over the simulated API: output, exit code, bounds, refusals."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.domain.finding import Ref
from bot.errors import Forbidden, Unreachable
from bot.kube.client import Api
from bot.kube.connect import connect
from bot.kube.exec import CannotExecute, Executed, execute
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from bot.sandbox.kubernetes_api.streams import Shell, StreamEnded
from tests.builders import a_pod

POD = Ref("Pod", "apps", "web")


@asynccontextmanager
async def a_shell(
    tmp_path: Path, shell: Shell | None = None
) -> AsyncIterator[tuple[SimulatedCluster, Api]]:
    cluster = SimulatedCluster([a_pod()])
    cluster.policies.clear()  # the pod is not one of Traefik's
    if shell:
        cluster.shells["apps", "web", "main"] = shell
    async with serve(cluster) as url:
        write_kubeconfig(tmp_path / "kubeconfig", url)
        async with connect(kubeconfig=tmp_path / "kubeconfig") as api:
            yield cluster, api


async def ran(api: Api, *argv: str, limit: int = 1000) -> Executed:
    return await execute(api, POD, "main", argv, limit_bytes=limit, seconds=10)


async def test_both_outputs_and_the_exit_code_come_back(tmp_path: Path) -> None:
    """The arguments arrive one by one, with whatever characters they have."""
    asked: list[Sequence[str]] = []

    def shell(argv: Sequence[str]) -> StreamEnded:
        asked.append(list(argv))
        return StreamEnded("öut".encode(), b"err", 7)

    async with a_shell(tmp_path, shell) as (_, api):
        done = await ran(api, "wget", "-qO-", "a b&c=d;$(e)")
    assert done == Executed("öut".encode(), b"err", 7)
    assert asked == [["wget", "-qO-", "a b&c=d;$(e)"]]


async def test_a_command_that_ends_well_has_exit_code_0(tmp_path: Path) -> None:
    async with a_shell(tmp_path, lambda _: StreamEnded(b"x" * 100_000)) as (_, api):
        done = await ran(api, "true", limit=200_000)
    assert (len(done.stdout), done.exit_code) == (100_000, 0)


async def test_output_is_cut_at_the_bound(tmp_path: Path) -> None:
    """Whatever a container writes costs no more memory than was allowed."""
    async with a_shell(tmp_path, lambda _: StreamEnded(b"x" * 1_000_000)) as (_, api):
        done = await ran(api, "yes", limit=50_000)
    assert (len(done.stdout), done.exit_code) == (50_000, None)


async def test_a_program_that_is_not_there_is_no_exit_code(tmp_path: Path) -> None:
    """A Traefik without a shell."""
    words = 'exec: "wget": executable file not found in $PATH: unknown'
    async with a_shell(tmp_path, lambda _: StreamEnded(refused=words)) as (_, api):
        with pytest.raises(CannotExecute, match="executable file not found"):
            await ran(api, "wget")


@pytest.mark.parametrize("verb", ["get", "create"])
async def test_without_the_permission_it_is_said(tmp_path: Path, verb: str) -> None:
    async with a_shell(tmp_path) as (cluster, api):
        cluster.forbid(verb, "pods/exec")
        with pytest.raises(Forbidden, match="may not run a command in Pod apps/web"):
            await ran(api, "true")


async def test_a_server_that_hangs_costs_a_bounded_time(tmp_path: Path) -> None:
    async with a_shell(tmp_path) as (cluster, api):
        cluster.faults.hang = True
        with pytest.raises(Unreachable, match="did not end within 0 s"):
            await execute(api, POD, "main", ("true",), limit_bytes=10, seconds=0.2)


async def test_a_server_that_is_away_is_unreachable(tmp_path: Path) -> None:
    write_kubeconfig(tmp_path / "away", "http://127.0.0.1:9")
    async with connect(kubeconfig=tmp_path / "away") as api:
        with pytest.raises(Unreachable, match="cannot be reached"):
            await ran(api, "true")
