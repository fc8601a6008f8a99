"""Traefik's routers in a form in which those of two providers can be held against each other."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

STRING = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`')
DEFAULT_OPTIONS = ("", "default")

Seen = Counter[str]
"""What each router does, as JSON, and how many do it."""


def seen(raw: Any, provider: str) -> Seen:
    """Every router of a provider, once for each of its entrypoints; servers by scheme alone."""
    found: Seen = Counter()
    for name, router in (raw.get("routers") or {}).items():
        if name.endswith(f"@{provider}"):
            for entry_point in router.get("entryPoints") or ("none",):
                does = _does(router, provider, raw.get("services") or {})
                found[json.dumps({"entryPoint": entry_point, **does}, sort_keys=True)] += 1
    return found


def hosts(raw: Any, provider: str) -> set[str]:
    """The addresses of every server of a provider."""
    return {
        urlsplit(server["url"]).hostname or ""
        for name, service in (raw.get("services") or {}).items()
        if name.endswith(f"@{provider}")
        for server in service.get("loadBalancer", {}).get("servers") or ()
    }


def _does(router: Any, provider: str, services: Any) -> dict[str, Any]:
    tls = router.get("tls")
    service = services.get(_full(router.get("service", ""), provider)) or {}
    return {
        "rule": meaning(router.get("rule", "")),
        "priority": router.get("priority"),
        # A warning is of the company: other routers of one host with other TLS options, say.
        "serves": router.get("status") != "disabled",
        "middlewares": [_full(each, provider) for each in router.get("middlewares") or ()],
        "tls": None if tls is None else _tls(tls, provider),
        "syntax": router.get("ruleSyntax", "").replace("default", ""),
        "observability": router.get("observability"),
        "service": _reached(service.get("loadBalancer") or {}, provider),
    }


def meaning(rule: str) -> str:
    """The rule with each string quoted alike."""
    return STRING.sub(lambda found: json.dumps(_value(found[0])), rule)


def _value(quoted: str) -> str:
    return quoted[1:-1] if quoted.startswith("`") else str(json.loads(quoted))


def _tls(tls: Any, provider: str) -> dict[str, Any]:
    options = tls.get("options", "")
    return {
        "options": "" if options in DEFAULT_OPTIONS else _full(options, provider),
        "certResolver": tls.get("certResolver", ""),
        "domains": tls.get("domains") or [],
    }


def _reached(balancer: Any, provider: str) -> dict[str, Any]:
    transport = balancer.get("serversTransport", "")
    return {
        "schemes": sorted({urlsplit(each["url"]).scheme for each in balancer.get("servers") or ()}),
        "passHostHeader": balancer.get("passHostHeader"),
        "transport": transport and _full(transport, provider),
        "sticky": balancer.get("sticky"),
    }


def _full(name: str, provider: str) -> str:
    return name if "@" in name else f"{name}@{provider}"
