"""Who may ask (a bearer token) and what they may ask for (a list of forbidden questions)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from bot.sandbox.kubernetes_api.status import ApiError

USER = "system:serviceaccount:meshmedic:meshmedic"
"""The one user of the simulation, as it appears in messages."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a request asks for. `resource` may be `pods/log`; an empty namespace is all of them."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""

    def denial(self) -> ApiError:
        """403 in the words of RBAC. Source: apiserver, `ForbiddenMessage` and `NewForbidden`."""
        plural = self.resource.partition("/")[0]
        qualified = f"{plural}.{self.group}" if self.group else plural
        subject = f'{qualified} "{self.name}"' if self.name else qualified
        scope = f'in the namespace "{self.namespace}"' if self.namespace else "at the cluster scope"
        details = {"name": self.name, "group": self.group, "kind": plural}
        return ApiError(
            403,
            f'{subject} is forbidden: User "{USER}" cannot {self.verb} resource "{self.resource}"'
            f' in API group "{self.group}" {scope}',
            details={key: value for key, value in details.items() if value},
        )


@dataclass(frozen=True, slots=True)
class AccessRule:
    """Permits or forbids what it covers. `*` covers any; the namespace None covers all scopes."""

    permits: bool
    verb: str
    plural: str
    group: str
    namespace: str | None

    def covers(self, asked: Attributes) -> bool:
        """Whether this rule has a say."""
        return (
            self.verb in ("*", asked.verb)
            and self.plural in ("*", asked.resource)
            and self.group in ("*", asked.group)
            and self.namespace in (None, asked.namespace)
        )


@dataclass(slots=True)
class Access:
    """The token that is asked for, and the rules: the last one that covers a request decides."""

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

    def permits(self, asked: Attributes) -> bool:
        """Whether `asked` may be done: yes, unless the last rule that covers it forbids it."""
        return next((rule.permits for rule in reversed(self.rules) if rule.covers(asked)), True)

    def authorize(self, asked: Attributes) -> None:
        """Let `asked` pass.

        Raises:
            ApiError: 403.
        """
        if not self.permits(asked):
            raise asked.denial()
