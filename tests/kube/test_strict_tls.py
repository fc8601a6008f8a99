"""Certificates that Python 3.13 refuses are found by real handshakes, on any Python."""

from pathlib import Path

import pytest

from bot.kube.connect import connect
from bot.kube.strict_tls import strict_fault
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from tests.certificates import FAULTS, issue
from tests.wire.scraping import free_port


async def fault_of(folder: Path, missing: str) -> str:
    ca, context = issue(folder, missing)
    async with serve(SimulatedCluster(), ssl=context) as url:
        write_kubeconfig(folder / "kubeconfig", url, None, ca=ca)
        async with connect(kubeconfig=folder / "kubeconfig") as api:
            return await strict_fault(await api.transport.configuration())


@pytest.mark.parametrize("missing", FAULTS)
async def test_what_is_missing_is_named(tmp_path: Path, missing: str):
    """In OpenSSL's own words."""
    assert await fault_of(tmp_path, missing) == FAULTS[missing]


async def test_a_right_certificate_has_no_fault(tmp_path: Path):
    """With keyUsage and key identifiers, as k3s makes them."""
    assert not await fault_of(tmp_path, "")


async def test_an_untrusted_certificate_is_another_fault(tmp_path: Path):
    """So is one where nothing listens, or that no TLS protects: the bot's requests tell that."""
    (tmp_path / "other").mkdir()
    ca, _ = issue(tmp_path / "other")
    _, context = issue(tmp_path)
    async with serve(SimulatedCluster(), ssl=context) as url:
        for host in (url, url.replace("https", "http"), f"https://127.0.0.1:{free_port()}"):
            write_kubeconfig(tmp_path / "kubeconfig", host, None, ca=ca)
            async with connect(kubeconfig=tmp_path / "kubeconfig") as api:
                assert not await strict_fault(await api.transport.configuration())
