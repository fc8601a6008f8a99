"""Whether Traefik reads an Ingress by its class, and the same class for an IngressRoute.

Source: `shouldProcessIngress` of kubernetesingress and kubernetescrd, v2.10 to v3.7. A class goes
by its IngressClass's controller; if that is not known, a class with Traefik in its name is its own.
"""

from __future__ import annotations

from typing import Any

from bot.domain.resources import networking
from bot.ingress_conversion.known import Inventory
from bot.ingress_conversion.source import IngressSource
from bot.ingress_conversion.target import SINCE_CLASS_NAME, ConversionTarget
from bot.routing.instance import CLASS, TRAEFIK_CLASS, other_class

CONTROLLER = "traefik.io/ingress-controller"


def not_for_this_traefik(
    ingress: networking.Ingress, known: Inventory, target: ConversionTarget
) -> str:
    """Why this Traefik does not read the Ingress; empty if it does."""
    own_class, name = target.ingress_class, ingress.spec.ingress_class_name
    if not name:
        return other_class(ingress.metadata.annotations, own_class)
    if own_class and name != own_class:
        return f"Its ingress class is {name}, and this Traefik reads {own_class}."
    controller = known.controllers.get(name)
    if controller is not None:
        return "" if controller == CONTROLLER else f"Its ingress class {name} is of {controller}."
    if own_class or TRAEFIK_CLASS in name.lower():
        return ""
    return (
        f"Its ingress class {name} is not known to be Traefik's. Where it is, give its "
        "IngressClass in the same files."
    )


def class_of_route(
    source: IngressSource, target: ConversionTarget
) -> tuple[dict[str, str], dict[str, Any]]:
    """Annotations and fields of the spec by which the same Traefik reads the IngressRoute.

    An IngressRoute's class is compared with the provider's own by name, so no other name means
    the same: where the provider names none, only `traefik` may be written.
    """
    names = (source.class_name, source.annotations.get(CLASS))
    own = target.ingress_class or (TRAEFIK_CLASS if TRAEFIK_CLASS in names else "")
    if not own:
        return {}, {}
    if target.since(SINCE_CLASS_NAME):
        return {}, {"ingressClassName": own}
    return {CLASS: own}, {}


def lost_class(source: IngressSource, target: ConversionTarget) -> str:
    """The class of an Ingress whose IngressRoute has none; empty where nothing is lost."""
    name = source.class_name or source.annotations.get(CLASS, "")
    annotations, spec = class_of_route(source, target)
    return "" if annotations or spec else name
