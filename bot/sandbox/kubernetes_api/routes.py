"""From a path and a method to the requested resource, its place and the verb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.sandbox.kubernetes_api.access import Attributes
from bot.sandbox.kubernetes_api.served import Resource, is_builtin, versions_of
from bot.sandbox.kubernetes_api.status import ApiError, PageNotFoundError

WRITES = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class RouteTarget:
    """The target of a request. Empty: all namespaces, no name, no subresource."""

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
    """The target of a path; None for a path that is not a resource.

    Raises:
        ApiError: 404 for a resource that a built-in group does not have.
        PageNotFoundError: For a group or resource that a custom resource would bring.
    """
    match path.strip("/").split("/"):
        case ["api", version, *steps] if steps:
            group = ""
        case ["apis", group, version, *steps] if steps:
            pass
        case _:
            return None
    namespace, steps = _scope(steps)
    if steps[2:3] == ["proxy"]:
        # The rest is a path in the pod.
        steps = steps[:3]
    plural, name, subresource = (*steps, "", "")[:3]
    resource = _resource(group, version, plural, served)
    if len(steps) > 3 or not _fits(resource, namespace, name, subresource):  # noqa: PLR2004 - plural, name, subresource
        raise ApiError(404)
    verb = _verb(method, name, query)
    return RouteTarget(resource, version, verb, namespace, name, subresource)


def _scope(steps: list[str]) -> tuple[str, list[str]]:
    """Split `namespaces/x/pods…`; `namespaces/x` and its status are the namespace itself."""
    match steps:
        case ["namespaces", namespace, plural, *more] if plural != "status":
            return namespace, [plural, *more]
        case _:
            return "", steps


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
