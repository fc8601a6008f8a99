"""`meshmedic digest`: what a digest would say now. Nothing is stored."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

import msgspec

from bot import settings
from bot.alerting.silences import Silences
from bot.charts.spec import Drawing, Undrawn
from bot.cli.answer import Views, show
from bot.cli.connection import ClusterConnection, connected, in_event_loop
from bot.cli.known import ReadableState
from bot.cli.parser import EXIT, Parser, add_answer, add_scopes, scopes
from bot.digest.composer import Composer
from bot.digest.domain.digest import with_gaps
from bot.digest.domain.records import DIGESTS, DigestPlan, DigestSchedule, DigestState
from bot.digest.domain.schedule import Timetable
from bot.digest.views import json as json_digest
from bot.digest.views import terminal as terminal_digest
from bot.domain.election import Alone
from bot.domain.record import Store
from bot.domain.sentences import sentences
from bot.domain.typed import unknown
from bot.errors import InputError
from bot.health.service import Health
from bot.kube.change_store import KubernetesChangeStore, NoChangeStore
from bot.remediation.change.change import waiting
from bot.runtime.memory_store import Unkept


def add_arguments(parser: Parser) -> None:
    """The digest, its scopes, the output and the cluster."""
    parser.explain(
        "meshmedic digest                  # since the last one, as the bot keeps it",
        "meshmedic digest --name weekly    # with the scopes and trends of that digest",
    )
    add_scopes(parser)
    parser.add_argument(
        "--name", default="", help="the digest with this name, such as daily or weekly"
    )
    add_answer(parser, namespace=True, wide=False)
    parser.set_defaults(command=run)


@in_event_loop
async def run(arguments: argparse.Namespace) -> int:
    """Print a digest, compared with the last one of that name where the bot stores them."""
    async with connected(arguments) as connection:
        state = ReadableState(connection.store or Unkept())
        composer = _composer(connection, await connection.health(), state)
        plan, has_history = settings.load().digests, connection.store is not None
        schedule = await _schedule(state, plan, arguments.name, has_history=has_history)
        schedule = msgspec.structs.replace(
            schedule,
            scopes=scopes(arguments) or schedule.scopes,
            namespace=arguments.namespace or schedule.namespace,
        )
        digest = (await composer.compose(schedule)).digest
        digest = with_gaps(digest, state.gaps)
    show(arguments, digest, VIEWS)
    return EXIT[digest.verdict]


VIEWS = Views(json_digest.digest, terminal_digest.digest)


def _composer(connection: ClusterConnection, health: Health, store: Store) -> Composer:
    """Without a place for the bot's state there is neither a base nor a history."""
    api, namespace = connection.api, connection.state_namespace
    changes = KubernetesChangeStore(api, namespace, Alone()) if namespace else NoChangeStore()

    async def approvals() -> tuple[str, ...]:
        return waiting(await changes.every(), datetime.now(UTC))

    silences = Silences(store, health, tuple)
    return Composer(health, store, _undrawn, muted=silences.muted, approvals=approvals)


async def _schedule(
    state: ReadableState, plan: DigestPlan, name: str, *, has_history: bool
) -> DigestSchedule:
    """The schedule of that name; without a name, one for everything, with trends of a history."""
    schedules = (await state.read(DIGESTS) or DigestState()).every(plan.schedules())
    if not name:
        first = next(iter(schedules), "digest")
        now = datetime.now(UTC)
        when = Timetable(0, 0)
        return DigestSchedule(name=first, channel=0, when=when, began=now, trends=has_history)
    if name not in schedules:
        gap = state.unread.get(DIGESTS.name)
        also = f"Not seen: {gap.kind}: {gap.detail}" if gap else ""
        raise InputError(sentences(unknown("digest", name, sorted(schedules)), also))
    return schedules[name]


async def _undrawn(_picture: Drawing) -> Undrawn:
    return Undrawn("A terminal shows no picture.")
