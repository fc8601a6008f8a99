"""What every suite shares: where the real data lies, and that CI takes a skip for a failure."""

import gc
import os
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.clusters.fixtures import cluster, homelab, real, simulation
from tests.examples import load_profile
from tests.places import DATA

__all__ = ["cluster", "homelab", "real", "simulation"]

load_profile()


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real manifests, statuses and schemas; skipped where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"the real data is not at {DATA}")
    return DATA


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--cluster real` runs the shared suite on a real API server; `make golden` writes files."""
    parser.addoption("--cluster", choices=("simulated", "real"), default="simulated")
    parser.addoption(
        "--write-golden", action="store_true", help="rewrite the files of tests/golden"
    )


def pytest_configure(config: pytest.Config) -> None:
    """No simulated cluster is trusted by a public authority, so none is read: 22 ms a connection.

    What builds programs of a real one downloads their sources.
    """
    if config.getoption("cluster") == "simulated":
        os.environ["SSL_CERT_FILE"] = os.environ["SSL_CERT_DIR"] = os.devnull


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On a real cluster only what speaks of one is run, and first what needs an empty one.

    Each of several workers has a cluster of its own, and does whole files in this order.
    """
    if config.getoption("cluster") != "real":
        return
    needs_empty, wanted, others = [], [], []
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        if "simulation" in used or not used & {"real", "cluster"}:
            others.append(item)
        else:
            (needs_empty if "cluster" in used else wanted).append(item)
    items[:] = [*needs_empty, *wanted]
    config.hook.pytest_deselected(items=others)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Modules and tests live to the end: the garbage collector does not look at them again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """With CI=true nothing may be passed over in silence."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        reason = call.excinfo.value if call.excinfo else "skipped"
        report.outcome = "failed"
        report.longrepr = f"skipped, which is a failure with CI=true: {reason}"
    return report
