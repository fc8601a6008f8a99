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
        """As the API calls it."""
        return "Change"


KIND = Kind(_Change, "changes", (GROUP,), (VERSION,))


class Changes:
    """The watch. `run` until cancelled; what is not seen is not counted."""

    def __init__(self, api: Api, namespace: str, *, timing: WatchTiming | None = None) -> None:
        source = Source(KIND, GROUP, VERSION)
        self._watch = Reflector(api, source, namespace, timing=timing or WatchTiming())

    async def run(self) -> None:
        """List and watch. Never raises for what the cluster does."""
        await self._watch.run()

    def tally(self) -> Mapping[str, int]:
        """By state, those without one too; empty where the kind is absent or cannot be read."""
        if self._watch.state not in (WatchState.LIVE, WatchState.STALE):
            return {}
        found = Counter(map(_state, self._watch.objects.values()))
        return {state.value: found[state] for state in states.ChangeState}


def _state(each: Object) -> str:
    """A Change without a status was just made: it is proposed, and its maker will say so."""
    known = each.status.state if isinstance(each, _Change) else ""
    return known or states.ChangeState.PROPOSED
