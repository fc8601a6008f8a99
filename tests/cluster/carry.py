"""Carries a Change on a real API server, and kills itself with SIGKILL after so many writes.

`python -m tests.cluster.carry KUBECONFIG FOLDER PROOF apply|back|propose NAME[=AFTER] …`: a
process for each Change; AFTER 0 is before its first write, none is not at all. It prints how each
ended. `go-on next[=AFTER]` is the process that comes next: what a bot does when it starts; one that
dies is followed by another. Each write is a line of FOLDER/NAME.log, so that nothing is written
twice unseen.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from bot.app.remediation import nobody_asks
from bot.domain.election import Alone
from bot.errors import Absent
from bot.kube.change_events import ChangeEvents
from bot.kube.change_store import ChangeStore
from bot.kube.change_writer import StepWriter
from bot.kube.client import Api
from bot.kube.connect import connect
from bot.kube.one_shot_reader import ClusterReader
from bot.remediation.change import history
from bot.remediation.change.change import Change
from bot.remediation.change.plan import Plan
from bot.remediation.change.proof import Proof, Sample
from bot.remediation.change.verification_requests import Request
from bot.remediation.executor import Carrier
from bot.remediation.notifier import Herald
from bot.remediation.pull_request_flow import Merging
from bot.remediation.reconciler import Underway

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
        """One write, noted as it was answered."""
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

    async def helped(self, request: Request, before: Sample) -> Proof:
        """At once: the network is another test's subject."""
        helps = self.proof == "yes" or (
            self.proof == "until-deleted" and await self._ingress(request.host)
        )
        return Proof(helped=helps, because=f"Requests were answered: {helps}.")

    async def _ingress(self, host: str) -> bool:
        name = host.partition(".")[0]
        at = f"/apis/networking.k8s.io/v1/namespaces/{PLACE}/ingresses/{name}"
        try:
            await self.api.get(at)
        except Absent:
            return False
        return True


class Loading:
    """Traefik has loaded whatever is there: that, too, is another test's subject."""

    async def unseen(self, *_: Any) -> str:
        """At once."""
        return ""

    async def clear(self, _: Change) -> tuple[str, ...]:
        """No marker was made."""
        return ()


def a_carrier(api: Any, proof: str) -> Carrier:
    """As `bot.app.remediation` makes one, over this connection."""
    store = ChangeStore(api, KEPT_IN, Alone())
    writer = StepWriter(api, Alone().may_act)
    told = Herald([ChangeEvents(api).tell]).tell
    proving = Proving(api, proof)
    return Carrier(store, writer, proving, Loading(), lambda: datetime.now(UTC), told)


async def _unchanged(change: Change) -> Plan:
    """The evidence is what it was."""
    return change.plan


async def _go_on(api: Any, carrier: Carrier) -> None:
    merging = Merging(None, ClusterReader(api), carrier, nobody_asks)
    may_act = Alone().may_act
    underway = Underway(carrier.store, carrier, merging, _unchanged, carrier.clock, may_act)
    for _ in range(LOOKS):
        await underway.go_on()
        await underway.wait()


async def _carried(kubeconfig: Path, log: Path, proof: str, mode: str, job: str) -> None:
    """What one process does; `job` is a Change's name and after how many writes to die."""
    name, _, after = job.partition("=")
    async with connect(kubeconfig=kubeconfig) as api:
        mortal = Mortal(api, log, int(after) if after else NEVER)
        carrier = a_carrier(mortal, proof)
        if mode == "go-on":
            await _go_on(mortal, carrier)
            return
        change = await carrier.store.read(name)
        if mode == "propose":
            first = history.proposed(change.requester, carrier.clock())
            made = msgspec.structs.replace(change, name=f"{name}-again", history=first)
            await carrier.store.create(made)
        elif mode == "apply":
            await carrier.apply(change)
        else:
            await carrier.take_back(change, APPROVER, "It was rolled back.")


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


def _main(kubeconfig: str, folder: str, proof: str, mode: str, *jobs: str) -> None:
    running: dict[int, str] = {}
    left = list(jobs)
    while left or running:
        if left and len(running) < AT_ONCE:
            job = left.pop(0)
            running[_begun(Path(kubeconfig), Path(folder), proof, mode, job)] = job
            continue
        child, status = os.wait()
        code, job = os.waitstatus_to_exitcode(status), running.pop(child)
        sys.stdout.write(f"{job} {code}\n")
        if mode == "go-on" and code == -signal.SIGKILL:
            left.append(job)


if __name__ == "__main__":
    _main(*sys.argv[1:])
