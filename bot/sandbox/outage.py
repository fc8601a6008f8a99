"""Something to break and to mend by hand: alerts tell of what changes, and a sandbox stands still.

The world's doing, not the bot's: who writes a word into the channel changes the simulated cluster,
and the bot finds it as it would find it in a real one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.sandbox.kubernetes_api import SimulatedCluster
from bot.sandbox.scenarios import Homelab
from bot.sandbox.scenarios.breaking import add_event, set_waiting
from bot.sandbox.scenarios.plain import Calendar, Plain

BREAK, MEND = "break", "mend"
APP = "jellyfin"

HINT = f"Write `{BREAK}` as a message and Jellyfin crashes, `{MEND}` and it runs again."

BROKEN = (
    f"Jellyfin crashes from now on. Alerts wait seconds here, minutes in earnest. `{MEND}` ends it."
)
BROKEN_ALREADY = f"Jellyfin crashes already: `{MEND}` ends it."
MENDED = "Jellyfin runs again. The alert's answer comes once that was seen for ten seconds."
MENDED_ALREADY = f"Jellyfin runs: `{BREAK}` breaks it."
ABSENT = "This scenario has no Jellyfin to break."

FULL = "SQLite Error 13: 'database or disk is full'"
LAST_WORDS = (
    "[INF] [1] Main: Jellyfin version: 10.10.7\n"
    "[INF] [1] Main: Kestrel is listening on 0.0.0.0\n"
    f"[FTL] [1] Main: Unhandled Exception Microsoft.Data.Sqlite.SqliteException: {FULL}.\n"
)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Outage:
    """One app of the homelab, by two words: its pod crashes, its pod runs again."""

    lab: Homelab
    cluster: SimulatedCluster
    clock: Callable[[], datetime] = _now
    _well: list[Plain] = field(default_factory=list)

    def hear(self, said: str) -> str | None:
        """Do what somebody wrote; what came of it, None for what is no such word."""
        word = said.strip().strip("`").lower()
        if word not in (BREAK, MEND):
            return None
        try:
            pod = self.lab.pod_of(APP)
        except LookupError:
            return ABSENT
        if word == BREAK:
            return BROKEN_ALREADY if self._well else self._break(pod)
        return self._mend() if self._well else MENDED_ALREADY

    def _break(self, pod: Plain) -> str:
        meta, before = pod["metadata"], len(self.lab.objects)
        touched = [pod, *self._slices(meta["name"])]
        self._well = copy.deepcopy(touched)
        self.lab.times = Calendar(self.clock())
        crashed = {
            "reason": "Error",
            "exitCode": 134,
            "startedAt": self.lab.times.ago(seconds=4),
            "finishedAt": self.lab.times.ago(seconds=1),
        }
        said = f"back-off 10s restarting failed container={APP} pod={meta['name']}"
        set_waiting(
            self.lab,
            pod,
            self.lab.times.ago(),
            reason="CrashLoopBackOff",
            message=f"{said}_{meta['namespace']}",
            last=crashed,
            restarts=pod["status"]["containerStatuses"][0]["restartCount"] + 1,
        )
        back_off = f"Back-off restarting failed container {APP}"
        add_event(self.lab, pod, "BackOff", back_off, minutes=0)
        self.cluster.logs[meta["namespace"], meta["name"], APP, True] = LAST_WORDS
        self._put(*touched, *self.lab.objects[before:])
        return BROKEN

    def _mend(self) -> str:
        now = Calendar(self.clock()).ago()
        for well in self._well:
            meta = well["metadata"]
            broken = self.lab.get(well["kind"], meta["namespace"], meta["name"])
            if well["kind"] == "Pod":
                (container,) = broken["status"]["containerStatuses"]
                _restarted(well, now, container["restartCount"])
            # In place: the homelab's own objects are refreshed from time to time.
            broken.clear()
            broken.update(well)
            self._put(broken)
        self._well = []
        return MENDED

    def _slices(self, pod: str) -> list[Plain]:
        return [
            slice_
            for slice_ in self.lab.of("EndpointSlice")
            if any(one["targetRef"]["name"] == pod for one in slice_["endpoints"])
        ]

    def _put(self, *objects: Plain) -> None:
        for object_ in objects:
            self.cluster.put(object_)


def _restarted(pod: Plain, now: str, restarts: int) -> None:
    """Since now it runs, and it does not forget how often it was started."""
    (container,) = pod["status"]["containerStatuses"]
    container["state"] = {"running": {"startedAt": now}}
    container["restartCount"] = restarts
    for condition in pod["status"]["conditions"]:
        if condition["type"] in ("ContainersReady", "Ready"):
            condition["lastTransitionTime"] = now
