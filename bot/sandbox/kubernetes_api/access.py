"""Authentication by a bearer token, and authorization by rules."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

import msgspec

from bot.sandbox.kubernetes_api.status import ApiError, details

USER = "system:serviceaccount:meshmedic:meshmedic"
"""The one user of the simulation, as it appears in messages."""


class Attributes(msgspec.Struct, frozen=True):
    """The object of an authorization, with the field names of a SelfSubjectAccessReview.

    An empty namespace means all of them.
    """

    verb: str = ""
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def resource_path(self) -> str:
        """The resource as rules name it: `pods`, `pods/log`."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource

    def denial(self) -> ApiError:
        """403 in the words of RBAC. Source: apiserver, `ForbiddenMessage` and `NewForbidden`."""
        qualified = f"{self.resource}.{self.group}" if self.group else self.resource
        subject = f'{qualified} "{self.name}"' if self.name else qualified
        scope = f'in the namespace "{self.namespace}"' if self.namespace else "at the cluster scope"
        return ApiError(
            403,
            f'{subject} is forbidden: User "{USER}" cannot {self.verb} resource '
            f'"{self.resource_path}" in API group "{self.group}" {scope}',
            details=details(qualified, self.name),
        )


@dataclass(frozen=True, slots=True)
class AccessRule:
    """Permits or forbids requests. `*` covers any value; the namespace None covers all scopes."""

    permits: bool
    verb: str
    plural: str
    group: str
    namespace: str | None

    def covers(self, request: Attributes) -> bool:
        """Whether this rule applies to a request."""
        return (
            self.verb in ("*", request.verb)
            and self.plural in ("*", request.resource_path)
            and self.group in ("*", request.group)
            and self.namespace in (None, request.namespace)
        )


@dataclass(slots=True)
class Access:
    """The accepted token, and the rules: the last one that covers a request decides."""

    token: str | None = None
    rules: list[AccessRule] = field(default_factory=list)

    def authenticate(self, authorization: str) -> None:
        """Compare an Authorization header with the token; without a token anyone is let in.

        Raises:
            ApiError: 401.
        """
        if self.token is None:
            return
        if not hmac.compare_digest(authorization.encode(), f"Bearer {self.token}".encode()):
            raise ApiError(401)

    def permits(self, request: Attributes) -> bool:
        """Whether the last rule that covers a request permits it; yes without such a rule."""
        return next((rule.permits for rule in reversed(self.rules) if rule.covers(request)), True)

    def authorize(self, request: Attributes) -> None:
        """Let a permitted request pass.

        Raises:
            ApiError: 403.
        """
        if not self.permits(request):
            raise request.denial()
