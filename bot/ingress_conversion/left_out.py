"""Annotations that an Ingress loses: Traefik does not read them, and an IngressRoute has no place.

Source: Traefik's `kubernetesingress` reads `router.*` of an Ingress and `service.*` of a Service,
from 2.0 on. The annotations of Traefik 1 and of other controllers mean nothing to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bot.domain.sentences import listed
from bot.ingress_conversion.labels import PREFIX
from bot.ingress_conversion.writing import KEPT

CONTROLLERS = (
    "getambassador.io",
    "haproxy.com",
    "haproxy.org",
    "konghq.com",
    "networking.gke.io",
    "nginx.com",
    "nginx.org",
    "projectcontour.io",
    "traefik.containo.us",
    "traefik.io",
)
"""Domains of controllers' annotations; most others have `ingress` in them."""

CONSEQUENCES = (
    (("auth", "oauth", "jwt"), "the route asks for no password"),
    (
        ("whitelist", "allowlist", "denylist", "blacklist", "source-range"),
        "every address may use it",
    ),
    (("rewrite", "app-root", "strip", "add-base", "rule-type"), "no path is rewritten"),
    (("redirect", "ssl-"), "nothing is redirected"),
    (("rate", "limit", "connections"), "requests are not limited"),
    (("headers", "cors", "hsts", "frame", "browser"), "no header is set"),
    (("backend-protocol", "secure-backends", "protocol"), "the protocol of the server is not set"),
    (("body-size", "timeout", "buffer"), "no limit of size or time is set"),
)
"""What a route lacks without an annotation, by words in its name."""

CARRIED = (
    "kubernetes.io/ingress.class",
    "kubernetes.io/tls-acme",
    "cert-manager.io/",
    "acme.cert-manager.io/",
    *KEPT,
)
"""What the conversion reads, or warns of elsewhere."""

BOOKKEEPING = (
    "app.kubernetes.io/",
    "argocd.argoproj.io/",
    "config.kubernetes.io/",
    "field.cattle.io/",
    "helm.sh/",
    "helm.toolkit.fluxcd.io/",
    "internal.config.kubernetes.io/",
    "kubectl.kubernetes.io/",
    "kubernetes.io/description",
    "kustomize.toolkit.fluxcd.io/",
    "meshmedic.dev/",
    "meta.helm.sh/",
    "objectset.rio.cattle.io/",
)
"""Annotations by which tools know the Ingress itself: a new object has none of them."""

MOST = 6
LONGEST = 120


def left_out(annotations: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each group of annotations that is lost."""
    keys = [key for key in annotations if not key.startswith((*CARRIED, *BOOKKEEPING))]
    own = [key for key in keys if _is_own(key)]
    of_services = [key for key in own if _name(key).startswith("service.")]
    elder = [key for key in own if not _name(key).startswith(("router.", "service."))]
    ignored = [key for key in keys if key not in own and _is_of_controller(key)]
    others = [key for key in keys if key not in own and key not in ignored and "/" in key]
    if of_services:
        yield f"Traefik ignores {_listed(of_services)} here: write it on the Service."
    if elder:
        yield f"This Traefik ignores {_listed(elder)} of Traefik 1{_lacks(elder)}"
    if ignored:
        yield f"Traefik ignores {_listed(ignored)}, today and after the conversion{_lacks(ignored)}"
    if others:
        yield (
            f"The result lacks {_listed(others)}. If a tool reads that on the Ingress, check "
            "whether it reads IngressRoutes too."
        )


def _is_own(key: str) -> bool:
    """Whether Traefik reads or read it: version 1 also had names without a domain."""
    return key.startswith(PREFIX) or (key.startswith("traefik.") and "/" not in key)


def _name(key: str) -> str:
    return key.removeprefix(PREFIX).lower()


def _is_of_controller(key: str) -> bool:
    domain, slash, name = key.partition("/")
    if domain == "kubernetes.io":
        return name.startswith("ingress.")
    named = "ingress" in domain or domain.endswith(CONTROLLERS)
    return bool(slash) and named


def _lacks(keys: Iterable[str]) -> str:
    """What the route lacks, and where it belongs; without names that tell, where it belongs."""
    names = [key.rpartition("/")[2].lower().replace(".", "-") for key in keys]
    lacking = [
        consequence
        for words, consequence in CONSEQUENCES
        if any(word in name for name in names for word in words)
    ]
    consequence = f": {', '.join(lacking)}" if lacking else ""
    return f"{consequence}. Where you need what it says, write a Middleware or its like."


def _listed(keys: list[str]) -> str:
    return listed((key[:LONGEST] for key in sorted(keys)), MOST)
