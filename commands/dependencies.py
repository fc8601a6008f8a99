"""What commands stand on, made once in the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.alerting.silences import Silences
from bot.charts.process import Draw
from bot.digest.service import Digests
from bot.doctor.domain.facts import Use
from bot.doctor.service import Cluster, Repository
from bot.health.service import Health
from bot.net.diagnosis.service import Diagnose
from bot.net.mesh.service import Mesh
from bot.net.request.service import Reach
from bot.net.tools.service import Netshoot
from bot.remediation.notifier import ChangeNotifier
from bot.remediation.service import RemediationService
from bot.runbook.service import Runbook
from bot.traefik.service import Traefik


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
    remediation: RemediationService
    notifier: ChangeNotifier
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
