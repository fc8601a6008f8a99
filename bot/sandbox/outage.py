"""An app that people break and mend by hand, so that the sandbox can show an alert and its end.

A word in the channel changes the simulated cluster. The bot never reads it, and finds the change as
it would in a real cluster.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from bot.sandbox.kubernetes_api import SimulatedCluster
from bot.sandbox.scenarios import Homelab
from bot.sandbox.scenarios.breaking import add_event, set_waiting
from bot.sandbox.scenarios.plain import Calendar, Plain
from bot.sandbox.scenarios.workloads import workload_of

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


@dataclass
class Outage:
    """Breaks and mends one app of the homelab."""

    lab: Homelab
    cluster: SimulatedCluster
    _before: list[Plain] = field(default_factory=list)
    """The objects as they were before the outage; empty while the app runs."""

    def hear(self, message: str) -> str | None:
        """Act on a message of a person; the answer, or None for any other word."""
        word = message.strip().strip("`").lower()
        if word not in (BREAK, MEND):
            return None
        try:
            pod = self.lab.pod_of(APP)
        except LookupError:
            return ABSENT
        if word == BREAK:
            return BROKEN_ALREADY if self._before else self._break(pod)
        return self._mend() if self._before else MENDED_ALREADY

    def _break(self, pod: Plain) -> str:
        meta, count = pod["metadata"], len(self.lab.objects)
        endpoint_slices = [
            endpoint_slice
            for endpoint_slice in self.lab.of("EndpointSlice")
            if any(e["targetRef"]["name"] == meta["name"] for e in endpoint_slice["endpoints"])
        ]
        workload = workload_of(self.lab, pod)
        changed = [pod, *endpoint_slices, *([workload] if workload else [])]
        self._before = copy.deepcopy(changed)
        times = self.lab.times = Calendar(self.cluster.clock())
        crash = {
            "reason": "Error",
            "exitCode": 134,
            "startedAt": times.ago(seconds=4),
            "finishedAt": times.ago(seconds=1),
        }
        message = f"back-off 10s restarting failed container={APP} pod={meta['name']}"
        restarts = pod["status"]["containerStatuses"][0]["restartCount"] + 1
        set_waiting(
            self.lab,
            pod,
            times.ago(),
            message=f"{message}_{meta['namespace']}",
            last=crash,
            restarts=restarts,
        )
        back_off = f"Back-off restarting failed container {APP}"
        add_event(self.lab, pod, "BackOff", back_off, minutes=0)
        self.cluster.logs[meta["namespace"], meta["name"], APP, True] = LAST_WORDS
        for manifest in (*changed, *self.lab.objects[count:]):
            self.cluster.put(manifest)
        return BROKEN

    def _mend(self) -> str:
        now = Calendar(self.cluster.clock()).ago()
        for before in self._before:
            meta = before["metadata"]
            broken = self.lab.get(before["kind"], meta["namespace"], meta["name"])
            if before["kind"] == "Pod":
                (container,) = broken["status"]["containerStatuses"]
                _restart(before, now, container["restartCount"])
            # In place: the homelab's own objects are refreshed from time to time.
            broken.clear()
            broken.update(before)
            self.cluster.put(broken)
        self._before = []
        return MENDED


def _restart(pod: Plain, now: str, restarts: int) -> None:
    """Let a pod run since now; its count of restarts stays."""
    (container,) = pod["status"]["containerStatuses"]
    container["state"] = {"running": {"startedAt": now}}
    container["restartCount"] = restarts
    for condition in pod["status"]["conditions"]:
        if condition["type"] in ("ContainersReady", "Ready"):
            condition["lastTransitionTime"] = now
