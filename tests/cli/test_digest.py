"""`meshmedic digest` as a process: the bot's own digests, in a terminal, without a trace."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.digest.domain.diff import BASES, Base, Bases, KnownEntry
from bot.digest.domain.records import DIGESTS, DigestSchedule, DigestState
from bot.digest.domain.schedule import Timetable
from bot.digest.views import json as json_digest
from bot.domain.election import Alone
from bot.domain.verdict import Verdict
from bot.history.domain.record import HISTORY, History, Point
from bot.history.domain.uptime import UPTIME, RequestCount, UptimeRecord
from bot.kube.configmap_store import ConfigMapStore
from bot.kube.connect import connect
from bot.sandbox.kubernetes_api import SimulatedCluster, serve, write_kubeconfig
from tests import warm
from tests.builders import a_kustomization, a_pod
from tests.environment import without_settings
from tests.json_schema import validate

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


SHOP = {"shop.example.com": (RequestCount(200, 1),)}


@dataclass(frozen=True)
class Homelab:
    """A cluster, and whoever asks it from a terminal."""

    cluster: SimulatedCluster
    kubeconfig: str

    async def digest(self, *arguments: str, place: str = "") -> tuple[int, str, str]:
        clean = without_settings()
        clean |= {"MESHMEDIC_STATE_NAMESPACE": place} if place else {}

        command = ("-m", "bot", "digest", "--kubeconfig", self.kubeconfig, *arguments)
        done = await asyncio.to_thread(warm.python, *command, env=clean | {"COLUMNS": "80"})
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    async def the_bot_kept(self) -> None:
        """A base that knows one pod, a digest of pods alone, a history, and uptime of sites."""
        known = {
            f"pods/Pod/apps/{name}": KnownEntry(Verdict.FAILED, "CrashLoopBackOff", LONG_AGO)
            for name in ("web", "gone")
        }
        hour = int(datetime.now(UTC).timestamp()) // 3600
        points = tuple(Point(hour - ago, "h------") for ago in range(1, 20))
        pods = DigestSchedule(
            name="media", channel=7, when=Timetable(8, 0), began=LONG_AGO, scopes=("pods",)
        )
        async with connect(kubeconfig=Path(self.kubeconfig)) as api:
            state = ConfigMapStore(api, "meshmedic", Alone())
            await state.change(DIGESTS, lambda _: DigestState({"media": pods}))
            await state.change(BASES, lambda _: Bases({"media": Base(LONG_AGO, known)}))
            await state.change(HISTORY, lambda _: History(points))
            await state.change(UPTIME, lambda _: UptimeRecord(hour // 24, SHOP))

    def writes(self) -> list[str]:
        """What is kept, with the versions that a write would change."""
        names = [
            f"meshmedic-{record_type.name}" for record_type in (DIGESTS, BASES, HISTORY, UPTIME)
        ]
        kept = [self.cluster.get("ConfigMap", "meshmedic", name) for name in names]
        assert all(kept)
        return [json.dumps(each, sort_keys=True) for each in kept]


@pytest.fixture
async def homelab(tmp_path: Path) -> AsyncIterator[Homelab]:
    cluster = SimulatedCluster(
        [a_pod("web", waiting="CrashLoopBackOff"), a_kustomization(suspend=True)]
    )
    async with serve(cluster) as url:
        write_kubeconfig(tmp_path / "kubeconfig", url, None)
        yield Homelab(cluster, str(tmp_path / "kubeconfig"))


async def test_without_a_place_of_the_bot_all_is_new_and_it_says_so(homelab: Homelab) -> None:
    code, out, err = await homelab.digest()
    assert (code, err) == (2, "")
    assert "The first digest of this name" in out
    assert "New (2)" in out
    assert "Kustomization flux-system/apps: suspended" in out
    assert "168 hours" not in out, "without a history there are no trends"
    assert all(line == line.rstrip() for line in out.splitlines())


async def test_it_is_compared_with_what_the_bots_last_digest_told_and_keeps_nothing(
    homelab: Homelab,
) -> None:
    """As that digest would tell it: its scope, and what is fixed since."""
    await homelab.the_bot_kept()
    before = homelab.writes()
    code, out, _ = await homelab.digest("--name", "media", "--output", "json", place="meshmedic")
    told = json.loads(out)
    validate(told, json_digest.schema())
    assert code == 2
    assert [each["subject"] for each in told["same"]] == ["Pod apps/web"]
    assert [each["subject"] for each in told["fixed"]] == ["Pod apps/gone"]
    assert (told["new"], told["first"], told["trends"]) == ([], False, None)
    _, out, _ = await homelab.digest(place="meshmedic")
    assert "hours without any fault: pods 100 %" in out
    assert "shop.example.com: 7 days 99.50 % of 200 requests (1 day seen)" in " ".join(out.split())
    assert homelab.writes() == before != []


async def test_a_state_that_cannot_be_read_is_named_and_the_rest_is_shown(
    homelab: Homelab,
) -> None:
    """The findings need no state; what is new, muted and was before is not known."""
    await homelab.the_bot_kept()
    homelab.cluster.forbid("get", "configmaps")
    code, out, err = await homelab.digest(place="meshmedic")
    assert (code, err) == (2, "")
    assert "Pod apps/web" in out
    assert "What the last digest said cannot be read, so all is shown as new." in out
    assert "The first digest of this name" not in out
    words = " ".join(out.split())
    assert "forbidden: " in words
    for name in ("last digest", "history", "uptime of sites", "mutes", "digests of /digest set"):
        assert name in words
    assert 'needs the verb "get" on configmaps in the bot\'s namespace' in words
    assert all(line == line.rstrip() for line in out.splitlines())


async def test_an_unknown_name_is_said_with_what_cannot_be_read(homelab: Homelab) -> None:
    """One that /digest set made may exist, where its record cannot be read."""
    code, _, err = await homelab.digest("--name", "weekly")
    assert code == 3
    assert "No digest weekly." in err
    homelab.cluster.forbid("get", "configmaps")
    code, out, err = await homelab.digest("--name", "media", place="meshmedic")
    assert (code, out) == (3, "")
    assert "No digest media. Not seen: digests of /digest set: " in err
