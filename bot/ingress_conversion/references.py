"""Names of Traefik's own objects in annotations, as an IngressRoute names them.

Source: `makeMiddlewareKeys`, `makeServersTransportKey` and `resolveReference` of kubernetescrd:
a namespace and a name are joined by a dash that either may contain; what counts is the joined key.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.ingress_conversion.known import Known
from bot.ingress_conversion.refusals import ConversionReason, Unfaithful
from bot.ingress_conversion.target import ConversionTarget
from bot.traefik.domain.router_names import CRD, INGRESS, normalized

MARK = "@"


def reference(
    said: str, kind: str, namespace: str, known: Known, target: ConversionTarget
) -> dict[str, str]:
    """`name` and, for an object of Traefik's own kinds, `namespace`.

    Raises:
        Unfaithful: Traefik finds nothing by that name, or an IngressRoute may not use it.
    """
    key, mark, provider = said.rpartition(MARK)
    if not mark or not key or provider == INGRESS:
        raise Unfaithful(ConversionReason.UNRESOLVED_REFERENCE, f"{kind} {said!r}")
    if provider != CRD or target.cross_namespace:
        return {"name": said}
    return {"name": _own(key, kind, namespace, known), "namespace": namespace}


def references(
    names: Iterable[str], kind: str, namespace: str, known: Known, target: ConversionTarget
) -> list[dict[str, str]]:
    """The same for each of several names."""
    return [reference(name, kind, namespace, known, target) for name in names]


def _own(key: str, kind: str, namespace: str, known: Known) -> str:
    """The name within the Ingress's own namespace that has this key."""
    if key != _key(key, kind):
        raise Unfaithful(
            ConversionReason.UNRESOLVED_REFERENCE, f"no {kind} can have the key {key!r}"
        )
    places = [pair for pair in known.referred.get(kind, ()) if _key("-".join(pair), kind) == key]
    own = sorted(name for place, name in places if place == namespace)
    if own:
        return own[0]
    prefix = f"{_key(namespace, kind)}-"
    if places or not key.startswith(prefix) or key == prefix:
        which = f"{kind} {key!r} is not of namespace {namespace!r}"
        raise Unfaithful(ConversionReason.CROSS_NAMESPACE, which)
    return key.removeprefix(prefix)


def _key(joined: str, kind: str) -> str:
    """How Traefik writes it; TLSOptions are the one kind that it leaves as they are."""
    return joined if kind == "TLSOption" else normalized(joined)
