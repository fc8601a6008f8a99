"""How many Changes there are in each state, watched in the bot's own namespace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from bot.domain.resources.base import Object
from bot.domain.resources.registry import Kind
from bot.kube.client import Api
from bot.kube.discovery import Source
from bot.kube.reflector import Reflector, WatchState, WatchTiming
from bot.remediation.change import states

GROUP, VERSION = "meshmedic.dev", "v1alpha1"


class _Status(msgspec.Struct, frozen=True):
    state: str = ""


class _Change(Object, frozen=True):
    """A Change, of which only its state is counted."""

    status: _Status = _Status()

    @classmethod
    def kind_name(cls) -> str:
        """The kind's name in the API."""
        return "Change"


KIND = Kind(_Change, "changes", (GROUP,), (VERSION,))


class ChangeCounts:
    """Watches the Changes and counts them. `run` goes on until it is cancelled."""

    def __init__(self, api: Api, namespace: str, *, timing: WatchTiming | None = None) -> None:
        source = Source(KIND, GROUP, VERSION)
        self._watch = Reflector(api, source, namespace, timing=timing or WatchTiming())

    async def run(self) -> None:
        """List and watch; errors of the cluster are retried."""
        await self._watch.run()

    def tally(self) -> Mapping[str, int]:
        """How many are in each state; empty where the kind is not served or cannot be read."""
        if self._watch.state not in (WatchState.LIVE, WatchState.STALE):
            return {}
        counts = Counter(map(_state, self._watch.objects.values()))
        return {state.value: counts[state] for state in states.ChangeState}


def _state(change: Object) -> str:
    """The state of a Change. One without a status was just created, so it is proposed."""
    state = change.status.state if isinstance(change, _Change) else ""
    return state or states.ChangeState.PROPOSED
