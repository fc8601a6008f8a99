"""From a path and a method to what is asked: which resource, where, and with which verb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.sandbox.kubernetes_api.access import Attributes
from bot.sandbox.kubernetes_api.served import Resource, is_builtin, versions_of
from bot.sandbox.kubernetes_api.status import ApiError, PageNotFoundError

WRITES = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class RouteTarget:
    """What a request is about. Empty: all namespaces, no name, no subresource."""

    resource: Resource
    version: str
    verb: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def type(self) -> tuple[str, str]:
        """`apiVersion` and `kind` of the objects."""
        return self.resource.api_version(self.version), self.resource.kind

    @property
    def attributes(self) -> Attributes:
        """The question to the authorizer."""
        return Attributes(
            self.verb,
            self.resource.group,
            self.resource.plural,
            self.subresource,
            self.namespace,
            self.name,
        )


def target(
    path: str, method: str, query: Mapping[str, str], served: tuple[Resource, ...]
) -> RouteTarget | None:
    """What `path` is about; None where it is about no resource.

    Raises:
        ApiError: 404 for a resource that a built-in group does not have.
        PageNotFoundError: The same for groups and kinds that come with custom resources.
    """
    match path.strip("/").split("/"):
        case ["api", version, *rest] if rest:
            group = ""
        case ["apis", group, version, *rest] if rest:
            pass
        case _:
            return None
    namespace, rest = _scope(rest)
    if rest[2:3] == ["proxy"]:
        # What follows is a path in the pod.
        rest = rest[:3]
    plural, name, subresource = (*rest, "", "")[:3]
    resource = _resource(group, version, plural, served)
    if len(rest) > 3 or not _fits(resource, namespace, name, subresource):  # noqa: PLR2004 - plural, name, subresource
        raise ApiError(404)
    verb = _verb(method, name, query)
    return RouteTarget(resource, version, verb, namespace, name, subresource)


def _scope(rest: list[str]) -> tuple[str, list[str]]:
    """Split `namespaces/x/pods…`; `namespaces/x` and its status are the namespace itself."""
    match rest:
        case ["namespaces", namespace, plural, *more] if plural != "status":
            return namespace, [plural, *more]
        case _:
            return "", rest


def _resource(group: str, version: str, plural: str, served: tuple[Resource, ...]) -> Resource:
    for resource in served:
        if (resource.group, resource.plural) == (group, plural) and version in resource.versions:
            return resource
    if version in versions_of(group, served) and is_builtin(group):
        raise ApiError(404)
    raise PageNotFoundError


def _fits(resource: Resource, namespace: str, name: str, subresource: str) -> bool:
    """Whether scope and subresource exist for the resource."""
    if subresource and subresource not in resource.subresources:
        return False
    if resource.namespaced:
        return bool(namespace) or not name
    return not namespace


def _verb(method: str, name: str, query: Mapping[str, str]) -> str:
    if method in WRITES:
        return WRITES[method]
    if name:
        return "get"
    return "watch" if query.get("watch") in ("1", "t", "true", "True") else "list"
