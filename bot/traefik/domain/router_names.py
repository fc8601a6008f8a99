"""The names that Traefik gives to the router of a rule, and to the services behind it.

Source: providers kubernetescrd (`makeServiceKey`, `makeID`, `fullServiceName`) and
kubernetesingress (`loadConfigurationFromIngresses`), v2.10 to 3.7.10; 3.7.11 can name them
otherwise (`safeNaming`), so a router is also found by the text of its rule.
"""

from __future__ import annotations

import hashlib
import re

CRD, INGRESS = "kubernetescrd", "kubernetes"
WORDS = re.compile(r"[^\W_]+")


def normalized(name: str) -> str:
    """Letters and numbers, with one dash for everything between them."""
    return "-".join(WORDS.findall(name))


def of_route(namespace: str, name: str, match: str) -> str:
    """The router of a rule of an IngressRoute."""
    digest = hashlib.sha256(match.encode(errors="surrogatepass")).hexdigest()[:20]
    return f"{normalized(f'{namespace}-{name}-{digest}')}@{CRD}"


def of_ingress(namespace: str, name: str, host: str, path: str) -> str:
    """The router of a path of an Ingress."""
    return f"{normalized(f'{namespace}-{name}-{host}{path}')}@{INGRESS}"


def of_service(namespace: str, name: str, port: str, provider: str) -> str:
    """The service of a Kubernetes Service, with its port as the reference has it.

    The only Service of an IngressRoute's rule is named as its router instead.
    """
    return f"{normalized(f'{namespace}-{name}-{port}')}@{provider}"


DEFAULT_BACKEND = f"default-router@{INGRESS}"
DEFAULT_SERVICE = f"default-backend@{INGRESS}"
