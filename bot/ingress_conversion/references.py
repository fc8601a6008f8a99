"""How annotations name Traefik's own objects, and how an IngressRoute names them.

Source: `makeMiddlewareKeys`, `makeServersTransportKey` and `resolveReference` of kubernetescrd:
a namespace and a name are joined by a dash that either may contain; only the joined key counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.ingress_conversion.known import Inventory
from bot.ingress_conversion.refusals import ConversionReason, Unconvertible
from bot.ingress_conversion.target import ConversionTarget
from bot.traefik.domain.router_names import CRD, INGRESS, normalized

MARK = "@"


@dataclass(frozen=True, slots=True)
class ConversionContext:
    """Where an Ingress is converted: its namespace, the objects around it, and the Traefik."""

    namespace: str
    known: Inventory
    target: ConversionTarget

    def middlewares(self, names: Iterable[str]) -> list[dict[str, str]]:
        """References to Middlewares; see `reference`."""
        return [self.reference(name, "Middleware") for name in names]

    def reference(self, text: str, kind: str) -> dict[str, str]:
        """`name` and, for an object of Traefik's own kinds, `namespace`.

        Raises:
            Unconvertible: Traefik finds nothing by that name, or an IngressRoute may not use it.
        """
        key, mark, provider = text.rpartition(MARK)
        if not mark or not key or provider == INGRESS:
            raise Unconvertible(ConversionReason.UNRESOLVED_REFERENCE, f"{kind} {text!r}")
        if provider != CRD or self.target.cross_namespace:
            return {"name": text}
        return {"name": self._own(key, kind), "namespace": self.namespace}

    def _own(self, key: str, kind: str) -> str:
        """The name within the Ingress's own namespace that has this key."""
        if key != _key(key, kind):
            raise Unconvertible(
                ConversionReason.UNRESOLVED_REFERENCE, f"no {kind} can have the key {key!r}"
            )
        referred = self.known.referred.get(kind, ())
        places = [place for place in referred if _key("-".join(place), kind) == key]
        own = sorted(name for namespace, name in places if namespace == self.namespace)
        if own:
            return own[0]
        prefix = f"{_key(self.namespace, kind)}-"
        if places or not key.startswith(prefix) or key == prefix:
            detail = f"{kind} {key!r} is not of namespace {self.namespace!r}"
            raise Unconvertible(ConversionReason.CROSS_NAMESPACE, detail)
        return key.removeprefix(prefix)


def _key(joined: str, kind: str) -> str:
    """How Traefik writes it; TLSOptions are the one kind that it leaves as they are."""
    return joined if kind == "TLSOption" else normalized(joined)
