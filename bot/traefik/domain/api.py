"""What Traefik's own API says that it serves: routers, services and their servers.

Source: `/api/rawdata`, `/api/http/routers` and `/api/http/services`, v2.10 to v3.7. Only these are
decoded: middlewares in the same answer may hold password hashes. A server is said to be UP from
when it is made, and only an active health check changes that: it proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import msgspec

DEEPEST = 8
"""How deep services may refer to services; Traefik itself refuses circles."""


class _Server(msgspec.Struct, frozen=True):
    url: str = ""
    address: str = ""


class _LoadBalancer(msgspec.Struct, frozen=True):
    servers: tuple[_Server, ...] | None = None


class _Named(msgspec.Struct, frozen=True):
    name: str = ""


class _Weighted(msgspec.Struct, frozen=True):
    services: tuple[_Named, ...] | None = None


class _Indirect(msgspec.Struct, frozen=True):
    service: str = ""
    fallback: str = ""


Errors = str | tuple[str, ...] | None


class _Service(msgspec.Struct, frozen=True, rename="camel"):
    load_balancer: _LoadBalancer | None = None
    weighted: _Weighted | None = None
    failover: _Indirect | None = None
    mirroring: _Indirect | None = None
    status: str = ""
    error: Errors = None
    used_by: tuple[str, ...] | None = None
    server_status: dict[str, str] | None = None
    name: str = ""


class _Router(msgspec.Struct, frozen=True, rename="camel"):
    rule: str = ""
    service: str = ""
    entry_points: tuple[str, ...] | None = None
    status: str = ""
    error: Errors = None
    name: str = ""


class _RawData(msgspec.Struct, frozen=True):
    routers: dict[str, _Router] | None = None
    services: dict[str, _Service] | None = None


class Router(msgspec.Struct, frozen=True):
    """A router by its whole name, `name@provider`. `errors` are Traefik's own words."""

    name: str
    rule: str
    service: str
    entry_points: tuple[str, ...] = ()
    status: str = ""
    errors: tuple[str, ...] = ()

    @property
    def provider(self) -> str:
        """What it comes from: `kubernetes`, `kubernetescrd`, `internal`."""
        return self.name.rpartition("@")[2]


class RuntimeService(msgspec.Struct, frozen=True):
    """A service by its whole name: its servers' URLs, or the services that it leads to.

    `server_status` is not reachability.
    """

    name: str
    servers: tuple[str, ...] = ()
    leads_to: tuple[str, ...] = ()
    status: str = ""
    errors: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()
    server_status: Mapping[str, str] = {}


class Runtime(msgspec.Struct, frozen=True, dict=True):
    """What one Traefik serves now."""

    routers: tuple[Router, ...] = ()
    services: tuple[RuntimeService, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, RuntimeService]:
        """The services by their whole names."""
        return {service.name: service for service in self.services}

    def servers(self, router: Router) -> tuple[str, ...]:
        """The URLs to which requests of a router may go, through whatever stands between."""
        found = self._servers(_whole(router.service, router.provider), DEEPEST)
        return tuple(dict.fromkeys(found))

    def _servers(self, name: str, depth: int) -> Iterator[str]:
        service = self.by_name.get(name)
        if service is None or not depth:
            return
        yield from service.servers
        for following in service.leads_to:
            yield from self._servers(_whole(following, name.rpartition("@")[2]), depth - 1)


def decode_rawdata(body: bytes) -> Runtime:
    """What `/api/rawdata` answered.

    Raises:
        msgspec.DecodeError: It is nothing of the kind.
    """
    raw = msgspec.json.decode(body, type=_RawData)
    return Runtime(
        tuple(_router(name, router) for name, router in (raw.routers or {}).items()),
        tuple(_service(name, service) for name, service in (raw.services or {}).items()),
    )


def decode_lists(routers: Iterable[bytes], services: Iterable[bytes]) -> Runtime:
    """What the pages of `/api/http/routers` and `/api/http/services` answered.

    Raises:
        msgspec.DecodeError: They are nothing of the kind.
    """
    listed = [
        router for body in routers for router in msgspec.json.decode(body, type=tuple[_Router, ...])
    ]
    made = [
        service
        for body in services
        for service in msgspec.json.decode(body, type=tuple[_Service, ...])
    ]
    return Runtime(
        tuple(_router(router.name, router) for router in listed),
        tuple(_service(service.name, service) for service in made),
    )


def _router(name: str, each: _Router) -> Router:
    return Router(
        name, each.rule, each.service, each.entry_points or (), each.status, _errors(each.error)
    )


def _service(name: str, each: _Service) -> RuntimeService:
    balancer = each.load_balancer or _LoadBalancer()
    leads_to = [named.name for named in (each.weighted or _Weighted()).services or ()]
    for indirect in (each.failover, each.mirroring):
        leads_to += [indirect.service, indirect.fallback] if indirect else []
    return RuntimeService(
        name,
        tuple(url for server in balancer.servers or () if (url := server.url or server.address)),
        tuple(filter(None, leads_to)),
        each.status,
        _errors(each.error),
        each.used_by or (),
        each.server_status or {},
    )


def _errors(said: Errors) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else said or ()


def _whole(name: str, provider: str) -> str:
    return name if "@" in name or not provider else f"{name}@{provider}"
