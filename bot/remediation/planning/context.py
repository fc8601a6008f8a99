"""What a repair is planned from: a fresh diagnosis, the live objects, their owners, Traefik."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.domain.finding import Ref
from bot.gitops.domain.ownership import NOBODY, ObjectOwner
from bot.ingress_conversion.known import Known
from bot.ingress_conversion.target import ConversionTarget
from bot.net.diagnosis.diagnosis import Diagnosis
from bot.net.diagnosis.subject import Subject

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningContext:
    """All that decides.

    `route` and `service` are the live objects as JSON, None where they could not be read, and
    `unread` says why. `sharing` are other routes of the same Service. `certificates` are live
    Certificates of the namespace by name. `traefik` is None where its version is not to be seen.
    `cures` are the keys of the findings about the route.
    """

    taken_at: datetime
    subject: Subject
    diagnosis: Diagnosis
    route: Manifest | None = None
    service: Manifest | None = None
    unread: str = ""
    route_owner: ObjectOwner = NOBODY
    service_owner: ObjectOwner = NOBODY
    sharing: tuple[Ref, ...] = ()
    known: Known = field(default_factory=Known)
    certificates: Mapping[str, Manifest] = field(default_factory=dict)
    traefik: ConversionTarget | None = None
    cures: tuple[str, ...] = ()
