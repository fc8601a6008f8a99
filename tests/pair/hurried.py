"""The bot as `meshmedic run` makes it, for which a minute is three seconds.

The Lease, the alerts and the time until an API server counts as gone are hurried alike. Nothing
else differs, and no setting can do this: it is composed anew here.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot import log_setup, settings
from bot.app.bootstrap import Bot, BotOptions, ClusterParts, build_cluster
from bot.app.leadership import Membership
from bot.app.serve import serve
from bot.domain.election import Timing
from bot.kube.change_counts import ChangeCounts
from bot.kube.client import Api
from bot.kube.configmap_store import ConfigMapStore
from bot.kube.connect import connect
from bot.kube.lease import Elector

TIMES = 20
"""How many times faster it is."""

TIMING = Timing(duration=4, renew=3.0, retry=0.4, request=0.8)
"""Less hurried than the rest: a busy machine must not make a leader lose its Lease."""


def hurried(api: Api, cluster: ClusterParts) -> ClusterParts:
    """The same parts, with another timing of the election."""
    namespace = cluster.state_namespace
    elector = Elector(api, namespace=namespace, timing=TIMING)
    store = ConfigMapStore(api, namespace, elector)
    member = Membership(elector, store, ChangeCounts(api, namespace))
    return replace(cluster, membership=member, store=store)


async def run() -> None:
    """Answer until SIGTERM."""
    read = settings.load()
    log_setup.configure(read.log_level, read.log_format)
    token, guild_id = read.for_discord()
    rules = read.alert_rules
    usual = BotOptions(read.roles, guild_id)
    options = replace(
        usual,
        rules=replace(rules, steady=rules.steady / TIMES),
        board=read.board_channel,
        look_every=1,
        board_every=usual.board_every / TIMES,
        gone_after=usual.gone_after / TIMES,
    )
    async with connect(kubeconfig=read.kubeconfig, context=read.context) as api:
        bot = Bot(hurried(api, build_cluster(api, read)), options)
        await serve(bot, lambda: token, read.http_port)


def main(_argv: Sequence[str]) -> None:
    """Called by the launcher."""
    asyncio.run(run())
