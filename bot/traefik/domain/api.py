"""What Traefik serves by its own API: routers, services and their servers.

Source: `/api/rawdata`, `/api/http/routers` and `/api/http/services`, v2.10 to v3.7. Only these are
decoded: middlewares in the same answer may hold password hashes. The status of a server is not
read: a new server is UP, and only an active health check changes that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TypeVar

import msgspec
from msgspec import structs

DISABLED = "disabled"
DEEPEST = 8
"""How deep services may refer to services; Traefik itself refuses cycles."""


class UpstreamServer(msgspec.Struct, frozen=True):
    """A server of a load balancer: `url` for HTTP, `address` for TCP and UDP."""

    url: str = ""
    address: str = ""


class LoadBalancer(msgspec.Struct, frozen=True):
    """`loadBalancer` of a service."""

    servers: tuple[UpstreamServer, ...] | None = None


class _Named(msgspec.Struct, frozen=True):
    name: str = ""


class _Weighted(msgspec.Struct, frozen=True):
    services: tuple[_Named, ...] | None = None


class _Indirect(msgspec.Struct, frozen=True):
    service: str = ""
    fallback: str = ""


class Router(msgspec.Struct, frozen=True):
    """A router by its whole name, `name@provider`. `error` holds Traefik's own words.

    `status` is `enabled`, `disabled`, or `warning` where it works with a part of what it names.
    """

    name: str = ""
    rule: str = ""
    service: str = ""
    error: str | tuple[str, ...] | None = None
    status: str = ""

    @property
    def provider(self) -> str:
        """The provider of the router: `kubernetes`, `kubernetescrd`, `internal`."""
        return self.name.rpartition("@")[2]

    @property
    def errors(self) -> tuple[str, ...]:
        """Traefik's errors, which it writes as one text or as a list."""
        told = (self.error,) if isinstance(self.error, str) else self.error or ()
        return told or (("its router is disabled",) if self.status == DISABLED else ())

    @property
    def refused(self) -> bool:
        """Whether it serves nothing; without a status an error says so."""
        return self.status == DISABLED or bool(self.errors and not self.status)


class RuntimeService(msgspec.Struct, frozen=True, rename="camel"):
    """A service by its whole name: it has servers, or it leads to other services."""

    name: str = ""
    load_balancer: LoadBalancer | None = None
    weighted: _Weighted | None = None
    failover: _Indirect | None = None
    mirroring: _Indirect | None = None

    @property
    def servers(self) -> tuple[str, ...]:
        """The URLs or addresses of its own servers."""
        servers = self.load_balancer.servers if self.load_balancer else None
        return tuple(url for server in servers or () if (url := server.url or server.address))

    @property
    def leads_to(self) -> tuple[str, ...]:
        """The names of other services, without their provider where it is the same."""
        weighted = self.weighted.services if self.weighted else None
        names = [named.name for named in weighted or ()]
        for indirect in (self.failover, self.mirroring):
            names += [indirect.service, indirect.fallback] if indirect else []
        return tuple(filter(None, names))


class _RawData(msgspec.Struct, frozen=True):
    routers: dict[str, Router] | None = None
    services: dict[str, RuntimeService] | None = None


class Runtime(msgspec.Struct, frozen=True, dict=True):
    """The routers and services of one Traefik at this moment."""

    routers: tuple[Router, ...] = ()
    services: tuple[RuntimeService, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, RuntimeService]:
        """The services by their whole names."""
        return {service.name: service for service in self.services}

    def servers(self, router: Router) -> tuple[str, ...]:
        """The URLs to which requests of a router may go, through other services, too."""
        urls = self._servers(_whole(router.service, router.provider), DEEPEST)
        return tuple(dict.fromkeys(urls))

    def _servers(self, name: str, depth: int) -> Iterator[str]:
        service = self.by_name.get(name)
        if service is None or not depth:
            return
        yield from service.servers
        for following in service.leads_to:
            yield from self._servers(_whole(following, name.rpartition("@")[2]), depth - 1)


T = TypeVar("T", Router, RuntimeService)


def decode_rawdata(body: bytes) -> Runtime:
    """Decode `/api/rawdata`.

    Raises:
        msgspec.DecodeError: It is something else.
    """
    raw = msgspec.json.decode(body, type=_RawData)
    return Runtime(_named(raw.routers), _named(raw.services))


def decode_lists(routers: Iterable[bytes], services: Iterable[bytes]) -> Runtime:
    """Decode the pages of `/api/http/routers` and `/api/http/services`.

    Raises:
        msgspec.DecodeError: They are something else.
    """
    return Runtime(_joined(routers, Router), _joined(services, RuntimeService))


def _named(objects: Mapping[str, T] | None) -> tuple[T, ...]:
    return tuple(structs.replace(entry, name=name) for name, entry in (objects or {}).items())


def _joined(pages: Iterable[bytes], kind: type[T]) -> tuple[T, ...]:
    return tuple(
        entry
        for page in pages
        for entry in msgspec.json.decode(page, type=tuple[kind, ...])  # type: ignore[valid-type]
    )


def _whole(name: str, provider: str) -> str:
    return name if "@" in name or not provider else f"{name}@{provider}"
