"""What commands stand on, made once in the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.core.doctor.facts import Use
from bot.diagnose import Diagnose
from bot.digest import Digests
from bot.doctor import Cluster, Repository
from bot.drawing import Draw
from bot.health import Health
from bot.herald import Herald
from bot.matrix import Mesh
from bot.muting import Silences
from bot.netshoot import Netshoot
from bot.reach import Reach
from bot.remedy import Remedy
from bot.runbook import Runbook
from bot.traefik import Traefik


@dataclass(frozen=True, slots=True)
class Context:
    """The use cases, and the live namespaces for autocomplete, from memory.

    `cluster`, `watched`, `secret_inventory`, `state_namespace` and `repository` are what the doctor
    looks at; `health_now` is the button under a digest.
    """

    health: Health
    diagnose: Diagnose
    mesh: Mesh
    reach: Reach
    netshoot: Netshoot
    draw: Draw
    traefik: Traefik
    runbook: Runbook
    remedy: Remedy
    herald: Herald
    digests: Digests
    health_now: type[Any]
    namespaces: Callable[[], tuple[str, ...]]
    cluster: Cluster
    silences: Silences
    watched: tuple[str, ...] = ()
    secret_inventory: bool = False
    state_namespace: str = ""
    audit_channel: int | None = None
    repository: Repository | None = None
    uses: frozenset[Use] = frozenset()
