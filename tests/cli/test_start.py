"""What a start of the command line costs: a check imports nothing that it does not need."""

import asyncio
import gc
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot import settings
from bot.cli.cluster_settings import ClusterSettings
from bot.cli.parser import build_parser
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from bot.sandbox.scenarios.homelab import healthy
from tests.environment import without_settings
from tests.places import ROOT

HEAVY = {
    *("aiohttp", "kubernetes", "pydantic", "pydantic_settings", "discord", "matplotlib", "numpy"),
    *("apscheduler", "cryptography", "dulwich", "prometheus_client", "requests", "urllib3", "rich"),
}
"""Packages that take a tenth of a second or more, together with what they import."""

PROGRAM = """
import asyncio, sys
from bot.__main__ import main
try:
    main(sys.argv[1:])
except SystemExit as done:
    names = sorted({name.partition(".")[0] for name in sys.modules})
    print(done.code, *names, file=sys.stderr)
"""


async def test_a_check_imports_none_of_the_heavy_packages(tmp_path: Path):
    """Neither for the cluster, nor for the settings, nor for the answer."""
    async with serve(SimulatedCluster(healthy(datetime.now(UTC)).objects)) as url:
        write_kubeconfig(tmp_path / "kubeconfig", url)
        process = await finished(
            [sys.executable, "-c", PROGRAM, "check", "--kubeconfig", str(tmp_path / "kubeconfig")],
            without_settings(),
        )
    code, *imported = process.stderr.split()
    assert code in ("0", "1", "2"), process.stderr
    assert "bot" in imported
    assert HEAVY.isdisjoint(imported)


async def finished(argv: list[str], env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """The process, while the server answers in this one."""
    return await asyncio.to_thread(
        subprocess.run, argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )


def test_without_any_setting_the_defaults_are_those_of_all_settings():
    """The short way and the whole one agree."""
    whole = settings.Settings.model_construct()
    for name in ClusterSettings.__struct_fields__:
        assert getattr(ClusterSettings(), name) == getattr(whole, name), name


def test_garbage_is_collected_once_the_command_is_imported() -> None:
    """A bot that never does holds each connection for ever."""
    build_parser().parse_args(["run"])
    assert gc.isenabled()
