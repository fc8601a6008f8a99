"""The admission policies of deploy/components, as far as requests of the simulation meet them."""

from __future__ import annotations

from bot.sandbox.kubernetes_api.exchange import Exchange
from bot.sandbox.kubernetes_api.hand_over_admission import objection
from bot.sandbox.kubernetes_api.status import ApiError

APPROVER, EXEC, PROXY = "meshmedic-approver", "meshmedic-exec", "meshmedic-traefik-api"
ACCOUNT, PROBE_SERVICES = "meshmedic-account", "meshmedic-probe-services"
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
    if policy == EXEC and exchange.http.query.get("command") != "wget":
        _refuse(exchange, EXEC, "the bot runs wget alone")
    if target.verb == "create" and exchange.qualified in ("configmaps", "services"):
        await _admit_made(exchange)
    impersonated = exchange.http.headers.get("Impersonate-User")
    if impersonated and target.verb == "create":
        policy, why = await objection(exchange)
        if why:
            _refuse(exchange, policy, why)
    if impersonated and (target.verb, exchange.qualified) == ("create", "events"):
        event = await exchange.sent()
        if event.get("source", {}).get("component") != "meshmedic":
            _refuse(exchange, APPROVER, "an event is recorded in meshmedic's name")


async def _admit_made(exchange: Exchange) -> None:
    made = await exchange.sent()
    if exchange.qualified == "configmaps" and made.get("immutable"):
        _refuse(exchange, ACCOUNT, "the bot writes its own records alone")
    if exchange.qualified == "services" and "externalIPs" in made.get("spec", {}):
        _refuse(exchange, PROBE_SERVICES, "a Service that probes is a ClusterIP")


def _refuse(exchange: Exchange, policy: str, why: str) -> None:
    if policy in exchange.cluster.policies:
        name = f'{exchange.qualified} "{exchange.target.name}" is forbidden'
        denied = f"ValidatingAdmissionPolicy '{policy}' with binding '{policy}' denied request"
        raise ApiError(422, f"{name}: {denied}: {why}")
