"""What the bot is given in the sandbox: whoever wires it makes a client of it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.alerting.domain.rules import Rules
from bot.digest.domain.config import DigestPlan
from bot.domain.authorization import Circles
from bot.domain.record import Store
from bot.kube.cache import WatchCache
from bot.net.mesh.monitor import Reader
from bot.net.ports import Prober
from bot.net.tools.service import Runner


@dataclass(frozen=True, slots=True)
class Stage:
    """The cluster, the people, and what the settings would say.

    look: Seconds between two looks of the alerts; 0 for the usual ones.
    """

    cache: WatchCache
    circles: Circles
    guild_id: int
    prober: Prober
    tools: Runner
    reader: Reader
    store: Store
    plan: DigestPlan
    rules: Rules
    board: int
    look: int = 0
