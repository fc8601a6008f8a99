"""Carries a Change on a real API server, and kills itself with SIGKILL after so many writes.

`python -m tests.cluster.carry` reads requests, each a line with a JSON list: KUBECONFIG, FOLDER,
PROOF, `apply`, `back` or `propose`, NAME[=AFTER] …: a process for each Change; AFTER 0 is before
its first write, none is not at all. It prints how each ended, and an empty line after the last.
`go-on`, `next[=AFTER]` is the process that comes next: what a bot does when it starts; one that
dies is followed by another. Each write is a line of FOLDER/NAME.log, so that nothing is written
twice unseen.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from bot.app.remediation import clock, nobody_asks
from bot.domain.election import Alone
from bot.kube.change_events import ChangeEvents
from bot.kube.change_store import KubernetesChangeStore
from bot.kube.change_writer import KubernetesStepWriter
from bot.kube.client import Api
from bot.kube.connect import connect
from bot.kube.one_shot_reader import ClusterReader
from bot.remediation.change import history
from bot.remediation.change.change import Change
from bot.remediation.change.plan import RepairPlan, VerificationRequest
from bot.remediation.change.proof import Sample, VerificationResult
from bot.remediation.executor import Executor
from bot.remediation.journal import ChangeJournal, ChangeNotifier
from bot.remediation.pull_request_flow import PullRequestFlow
from bot.remediation.reconciler import Reconciler

KEPT_IN, PLACE = "meshmedic", "media"
APPROVER = "100000000000000002"
NEVER = 1_000_000
OK = "ok"
AT_ONCE = 3
LOOKS = 10
"""How often the next process looks at what is left: each change needs one or two."""


@dataclass
class Mortal:
    """The API server's connection of a process that dies after so many writes."""

    api: Api
    log: Path
    left: int = NEVER

    async def get(self, *asked: Any, **how: Any) -> bytes:
        """Reading is no act."""
        return await self.api.get(*asked, **how)

    async def send(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *rest: Any, **how: Any
    ) -> bytes:
        """One write, noted as it was answered. A dry run writes nothing, as reading does."""
        if ("dryRun", "All") in next(iter(rest), ()):
            return await self.api.send(method, path, body, *rest, **how)
        self._die_if_due()
        # A new object's name stands in its body.
        name = (body or {}).get("metadata", {}).get("name")
        at = f"{path}/{name}" if method == "POST" and name else path
        try:
            answer = await self.api.send(method, path, body, *rest, **how)
        except Exception as error:
            self._note(method, at, type(error).__name__)
            raise
        self._note(method, at, OK)
        self.left -= 1
        self._die_if_due()
        return answer

    def _die_if_due(self) -> None:
        if self.left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def _note(self, method: str, path: str, how: str) -> None:
        with self.log.open("a") as log:
            log.write(f"{method} {path} {how}\n")


@dataclass(frozen=True)
class Proving:
    """What requests would tell: `yes`, `no`, or `until-deleted`: while the Ingress is there."""

    api: Api
    proof: str

    async def helped(self, request: VerificationRequest, before: Sample) -> VerificationResult:
        """At once: the network is another test's subject."""
        helps = self.proof == "yes" or (
            self.proof == "until-deleted" and await self._ingress(request.host)
        )
        return VerificationResult(helped=helps, because=f"Requests were answered: {helps}.")

    async def _ingress(self, host: str) -> bool:
        query = [("fieldSelector", f"metadata.name={host.partition('.')[0]}")]
        listed = await self.api.get("/apis/networking.k8s.io/v1/ingresses", query)
        return bool(json.loads(listed)["items"])


class Loading:
    """Traefik has loaded whatever is there: that, too, is another test's subject."""

    async def unseen(self, *_: Any) -> str:
        """At once."""
        return ""

    async def clear(self, _: Change) -> tuple[str, ...]:
        """No marker was made."""
        return ()


def an_executor(api: Any, proof: str) -> Executor:
    """As `bot.app.remediation` makes one, over this connection."""
    store = KubernetesChangeStore(api, KEPT_IN, Alone())
    writer = KubernetesStepWriter(api, Alone().may_act)
    notifier = ChangeNotifier((ChangeEvents(api).record,))
    journal = ChangeJournal(store, clock, notifier.notify)
    return Executor(writer, Proving(api, proof), Loading(), journal, clock)


async def _unchanged(change: Change) -> RepairPlan:
    """The evidence is what it was."""
    return change.plan


async def _go_on(api: Any, executor: Executor) -> None:
    journal, writer = executor.journal, executor.writer
    pull_requests = PullRequestFlow(
        None, ClusterReader(api), writer, executor, journal, nobody_asks
    )
    reconciler = Reconciler(
        journal.store, journal, executor, pull_requests, _unchanged, clock, Alone().may_act
    )
    for _ in range(LOOKS):
        await reconciler.go_on()
        await reconciler.wait()


async def _carried(kubeconfig: Path, log: Path, proof: str, mode: str, job: str) -> None:
    """What one process does; `job` is a Change's name and after how many writes to die."""
    name, _, after = job.partition("=")
    async with connect(kubeconfig=kubeconfig) as api:
        mortal = Mortal(api, log, int(after) if after else NEVER)
        executor = an_executor(mortal, proof)
        if mode == "go-on":
            await _go_on(mortal, executor)
            return
        store = executor.journal.store
        change = await store.read(name)
        if mode == "propose":
            first = history.proposed(change.requester, clock())
            made = msgspec.structs.replace(change, name=f"{name}-again", history=first)
            await store.create(made)
        elif mode == "apply":
            await executor.apply(change)
        else:
            await executor.take_back(change, APPROVER, "It was rolled back.")


def _begun(kubeconfig: Path, folder: Path, proof: str, mode: str, job: str) -> int:
    """A process of its own, without importing everything again: its id."""
    if child := os.fork():
        return child
    try:
        log = folder / f"{job.partition('=')[0]}.log"
        asyncio.run(_carried(kubeconfig, log, proof, mode, job))
    except BaseException:  # noqa: BLE001  # nothing of this child may run on in its parent's place
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _carry(kubeconfig: str, folder: str, proof: str, mode: str, *jobs: str) -> None:
    running: dict[int, str] = {}
    left = list(jobs)
    while left or running:
        if left and len(running) < AT_ONCE:
            job = left.pop(0)
            running[_begun(Path(kubeconfig), Path(folder), proof, mode, job)] = job
            continue
        child, status = os.wait()
        code, job = os.waitstatus_to_exitcode(status), running.pop(child)
        print(job, code, flush=True)  # noqa: T201  # flushed, or each child would have it too
        if mode == "go-on" and code == -signal.SIGKILL:
            left.append(job)
    print(flush=True)  # noqa: T201  # the end of the answer


if __name__ == "__main__":
    for request in sys.stdin:
        _carry(*json.loads(request))
