"""Wrong installs on the real API server: the doctor names the one thing, by the bot's own account.

What needs kubelets is in tests/nodes/wrong_installs.py.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.doctor.domain.diagnostic import PROBLEMS, Area
from bot.doctor.service import Doctor
from bot.kube.agents_facts import AgentsExaminer
from bot.kube.doctor_facts import AccessReader
from bot.kube.prober_daemonset import ProbeAgents
from tests.cluster.deployed import LISTED, install_kinds, install_only
from tests.cluster.test_doctor import as_account
from tests.clusters.real import RealCluster
from tests.doctor.domain.seen import DISCORD, SETUP
from tests.doctor.test_service import ToldDiscord

COMPONENTS = ("remediation", "prober", "prober-daemonset", "exec", "traefik-api")
TOLD_WITHIN = 30.0
POLICY = "validatingadmissionpolicybinding"
PROBE = ("-n", "meshmedic-probe")
KEYS = (*PROBE, "configmap", "meshmedic-probe-keys")
READING = [
    {"op": "replace", "path": f"/rules/{number}/verbs", "value": ["get"]} for number in (0, 1)
]
OTHER_KEYS = [{"op": "add", "path": "/data", "value": {"key-0123456789ab": "{}"}}]


async def image() -> str:
    return "meshmedic"


@dataclass
class Install:
    """A right install, its doctor, and what that found of it."""

    real: RealCluster
    folder: Path
    doctor: Doctor
    prober: ProbeAgents
    before: frozenset[str] = frozenset()

    def apply(self) -> None:
        """Apply everything, as it is applied again to mend it."""
        # A patch owns its fields, and an apply on the server's side would not take them.
        self.real.kubectl("delete", "-n", "meshmedic", "role", "meshmedic-state")
        install_only(self.real, self.folder, COMPONENTS, bindings=LISTED)

    async def problems(self) -> frozenset[str]:
        """Each line that needs attention."""
        report = await self.doctor.examine(ToldDiscord(DISCORD))
        return frozenset(
            f"{each.name}: {each.observation} {each.fix}"
            for area in Area
            for each in report.in_area(area)
            if each.outcome in PROBLEMS
        )

    async def told(self, wanted: str = "") -> list[str]:
        """What is wrong beyond the beginning, once that has the wanted words (else nothing)."""
        deadline = time.monotonic() + TOLD_WITHIN
        while True:
            new = sorted(await self.problems() - self.before)
            right = any(wanted in line for line in new) if wanted else not new
            if right or time.monotonic() > deadline:
                return new
            await asyncio.sleep(0.5)


@pytest.fixture(scope="module")
def installed(
    real: RealCluster, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The folder of an overlay with every component, once installed for all of these tests."""
    folder = tmp_path_factory.mktemp("installed")
    install_kinds(real, data)
    for name in ("apps", "media"):
        real.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    install_only(real, folder, COMPONENTS, bindings=LISTED)
    # Of one that another test left, every report would tell another age.
    real.kubectl("delete", "lease/meshmedic", "-n", "meshmedic", "--ignore-not-found")
    yield folder
    install_only(real, folder, ())


@pytest.fixture
async def install(real: RealCluster, installed: Path, tmp_path: Path) -> AsyncIterator[Install]:
    setup = replace(SETUP, prober_settings=("MESHMEDIC_TOOL_IMAGE",))
    async with as_account(real, tmp_path, "meshmedic", "meshmedic") as api:
        prober = ProbeAgents(api, image)
        await prober.refresh()
        examiner = AgentsExaminer(api, prober.agents)
        doctor = replace(Doctor(AccessReader(api), setup), agents=examiner)
        yield await right(Install(real, installed, doctor, prober))


async def right(install: Install) -> Install:
    """The install, once nothing of it asks to be applied again: the authorizer takes seconds."""
    deadline = time.monotonic() + TOLD_WITHIN
    while True:
        install.before = await install.problems()
        unsettled = [line for line in install.before if "Apply deploy/" in line]
        if not unsettled:
            return install
        assert time.monotonic() < deadline, unsettled
        await asyncio.sleep(0.5)


@pytest.mark.parametrize(
    ("edit", "said", "fix"),
    [
        (
            ("delete", "clusterrole", "meshmedic-check-autoscalers"),
            "autoscalers: May not list and watch horizontalpodautoscalers",
            "Apply deploy/base again",
        ),
        (
            ("delete", "clusterrole", "meshmedic-approver"),
            "meshmedic:approver may not change Services in any namespace",
            "Apply deploy/components/remediation again",
        ),
        (
            ("delete", "clusterrolebinding", "meshmedic-impersonator"),
            "",
            "",
        ),
        (
            ("delete", POLICY, "meshmedic-approver"),
            "policy of remediation: The admission policy meshmedic-approver did not refuse",
            "Apply deploy/components/remediation again",
        ),
        (
            ("delete", POLICY, "meshmedic-account"),
            "policy of base: The admission policy meshmedic-account did not refuse",
            "Apply deploy/base again",
        ),
        (
            ("delete", POLICY, "meshmedic-probe-services"),
            "policy of prober: The admission policy meshmedic-probe-services did not refuse",
            "Apply deploy/components/prober again",
        ),
        (
            ("delete", POLICY, "meshmedic-exec"),
            "policy of exec: The admission policy meshmedic-exec did not refuse",
            "Apply deploy/components/exec again",
        ),
        (
            ("delete", POLICY, "meshmedic-traefik-api"),
            "policy of traefik-api: The admission policy meshmedic-traefik-api did not refuse",
            "Apply deploy/components/traefik-api again",
        ),
        (
            ("delete", *PROBE, "rolebinding", "meshmedic-prober"),
            "prober: May not create and delete jobs.batch",
            "Apply deploy/components/prober again",
        ),
        (
            ("delete", "namespace", "meshmedic-probe"),
            "prober: MESHMEDIC_TOOL_IMAGE is set for it, but there is no namespace",
            "Apply deploy/components/prober,",
        ),
        (
            ("delete", *KEYS),
            "agents: There is no ConfigMap meshmedic-probe/meshmedic-probe-keys",
            "Apply deploy/components/prober-daemonset again",
        ),
        (
            ("patch", *KEYS, "--type=json", "-p", json.dumps(OTHER_KEYS)),
            "agents: The ConfigMap meshmedic-probe/meshmedic-probe-keys lacks the bot's key",
            "within a minute",
        ),
        (
            ("delete", *PROBE, "configmap", "meshmedic-probe-peers"),
            "agents: There is no ConfigMap meshmedic-probe/meshmedic-probe-peers",
            "Apply deploy/components/prober-daemonset again",
        ),
        (
            (
                *("patch", "-n", "meshmedic", "role", "meshmedic-state"),
                *("--type=json", "-p", json.dumps(READING)),
            ),
            "state: May not create and update configmaps in meshmedic",
            "Apply deploy/base again",
        ),
    ],
    ids=lambda value: "-".join(value[:5])[:60] if isinstance(value, tuple) else "",
)
async def test_each_wrong_install_is_named_and_nothing_else_turns_red(
    install: Install, edit: tuple[str, ...], said: str, fix: str
) -> None:
    """One line with what to do; a component that is missing as a whole is a choice. And back."""
    install.real.kubectl(*edit)
    told = await install.told(said)
    assert len(told) == (1 if said else 0), told
    assert not said or (said in told[0] and fix in told[0])
    install.apply()
    await install.prober.refresh()
    assert await install.told() == []
