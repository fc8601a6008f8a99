"""What the bot is given in the sandbox: whoever wires it makes a client of it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.access import Circles
from bot.core.alerts.rules import Rules
from bot.core.digest.plan import Plan
from bot.keeping import Store
from bot.kube.cache import WatchCache
from bot.netshoot import Runner
from bot.prober import Prober
from bot.rounds import Reader


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
    plan: Plan
    rules: Rules
    board: int
    look: int = 0
