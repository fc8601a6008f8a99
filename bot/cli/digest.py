"""What a digest would say now, in the terminal: `meshmedic digest`. Nothing is kept of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec

from bot.alerting.silences import Silences
from bot.charts.spec import Drawing, Undrawn
from bot.cli.check import Where, read_settings
from bot.digest.composer import Composer
from bot.digest.domain.config import DigestPlan
from bot.digest.domain.digest import Digest
from bot.digest.domain.records import DIGESTS, DigestSchedule, DigestState
from bot.digest.schedule.timetable import Timetable
from bot.digest.views import json as json_digest
from bot.digest.views import terminal as terminal_digest
from bot.domain.election import Alone
from bot.domain.record import Store
from bot.domain.verdict import Verdict
from bot.errors import InputError
from bot.health.service import Health
from bot.kube.change_store import KubernetesChangeStore, NoChangeStore
from bot.kube.client import Api
from bot.kube.configmap_store import ConfigMapStore
from bot.kube.connect import connect, own_namespace
from bot.kube.one_shot_reader import ClusterReader
from bot.remediation.change.pending import waiting
from bot.render import terminal
from bot.runtime.memory_store import Unkept

__all__ = ["Where", "digest"]


def digest(name: str, scopes: tuple[str, ...], where: Where, *, as_json: bool) -> Verdict:
    """Print it, compared with what the last one of that name told, where the bot keeps that."""
    each = asyncio.run(_digest(name, scopes, where))
    if as_json:
        terminal.write(json_digest.digest(each))
    else:
        terminal.show(terminal.console(), terminal_digest.digest(each))
    return each.report.verdict


async def _digest(name: str, scopes: tuple[str, ...], where: Where) -> Digest:
    read = read_settings()
    kubeconfig, context = where.kubeconfig or read.kubeconfig, where.context or read.context
    async with connect(kubeconfig=kubeconfig, context=context) as api:
        place = read.state_namespace or own_namespace(kubeconfig, context)
        cluster = ClusterReader(api, secret_inventory=read.secret_inventory)
        composer = _composer(Health(cluster), api, place)
        each = await _schedule(composer.store, read.digests, name)
        if scopes:
            each = msgspec.structs.replace(each, scopes=scopes)
        if where.namespace:
            each = msgspec.structs.replace(each, namespace=where.namespace)
        return (await composer.letter(each)).digest


def _composer(health: Health, api: Api, place: str) -> Composer:
    """Without a place of the bot's own nothing is compared with, and no history is known."""
    store: Store = ConfigMapStore(api, place, Alone()) if place else Unkept()
    changes = KubernetesChangeStore(api, place, Alone()) if place else NoChangeStore()

    async def waits() -> tuple[str, ...]:
        return waiting(await changes.every(), datetime.now(UTC))

    silences = Silences(store, health, tuple)
    return Composer(health, store, _undrawn, muted=silences.muted, approvals=waits)


async def _schedule(store: Store, plan: DigestPlan, name: str) -> DigestSchedule:
    """The digest of that name, as it is set up; without a name everything, with trends."""
    every = (await store.read(DIGESTS) or DigestState()).every(plan.schedules())
    if not name:
        known = next(iter(every), "digest")
        now = datetime.now(UTC)
        return DigestSchedule(name=known, channel=0, when=Timetable(0, 0), began=now, trends=True)
    if name not in every:
        msg = f"There is no digest {name!r}. There are: {', '.join(sorted(every)) or 'none'}."
        raise InputError(msg)
    return every[name]


async def _undrawn(_picture: Drawing) -> Undrawn:
    return Undrawn("A terminal shows no picture.")
