"""What a repair is planned from: a fresh diagnosis, the live objects, their owners, Traefik."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.finding import Ref
from bot.gitops.domain.ownership import NOBODY, ObjectOwner
from bot.ingress_conversion.known import Inventory
from bot.ingress_conversion.target import ConversionTarget
from bot.net.diagnosis.diagnosis import Diagnosis, Effect
from bot.net.diagnosis.subject import Subject

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningContext:
    """Everything that a plan may depend on.

    `route` and `service` are the live objects as JSON, None if they could not be read, and then
    `unread` says why. `sharing` are other Ingresses of the same Service. `certificates` are live
    Certificates of the namespace by name. `traefik` is what most of Traefik's pods are; None if no
    version has the most, and then `traefik_unseen` says why. `traefik_versions` names the versions
    where several run. `tested` are the effects that nativeLB has on each route that was tested so
    far. `handing_over` is another object of the namespace that is being handed over, or is left of
    such; empty if there is none.
    """

    subject: Subject
    diagnosis: Diagnosis
    route: Manifest | None = None
    service: Manifest | None = None
    unread: str = ""
    route_owner: ObjectOwner = NOBODY
    service_owner: ObjectOwner = NOBODY
    sharing: tuple[Ref, ...] = ()
    known: Inventory = field(default_factory=Inventory)
    certificates: Mapping[str, Manifest] = field(default_factory=dict)
    handing_over: str = ""
    traefik: ConversionTarget | None = None
    traefik_unseen: str = ""
    traefik_versions: str = ""
    tested: tuple[Effect, ...] = ()
