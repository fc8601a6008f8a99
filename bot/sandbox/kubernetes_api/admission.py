"""The admission policies of deploy/components, as far as requests of the simulation meet them."""

from __future__ import annotations

from bot.sandbox.kubernetes_api.exchange import Exchange
from bot.sandbox.kubernetes_api.status import ApiError

APPROVER, EXEC, PROXY = "meshmedic-approver", "meshmedic-exec", "meshmedic-traefik-api"
CONNECTS = {"exec": EXEC, "proxy": PROXY}


async def admit(exchange: Exchange) -> None:
    """Let a request pass that no bound policy refuses.

    Raises:
        ApiError: 422, in the words of the API server.
    """
    target = exchange.target
    policy = CONNECTS.get(target.subresource, "")
    if policy and not target.name.startswith("traefik-"):
        _refuse(exchange, policy, "Traefik's pods alone")
    impersonated = exchange.http.headers.get("Impersonate-User")
    if impersonated and (target.verb, exchange.qualified) == ("create", "events"):
        event = await exchange.sent()
        if event.get("source", {}).get("component") != "meshmedic":
            _refuse(exchange, APPROVER, "an event is recorded in meshmedic's name")


def _refuse(exchange: Exchange, policy: str, why: str) -> None:
    if policy in exchange.cluster.policies:
        name = f'{exchange.qualified} "{exchange.target.name}" is forbidden'
        denied = f"ValidatingAdmissionPolicy '{policy}' with binding '{policy}' denied request"
        raise ApiError(422, f"{name}: {denied}: {why}")
