"""Answers to SelfSubjectAccessReviews."""

from __future__ import annotations

import msgspec
from aiohttp import web

from bot.sandbox.kubernetes_api.access import Attributes
from bot.sandbox.kubernetes_api.exchange import Exchange, json_response
from bot.sandbox.kubernetes_api.status import ApiError


class _Spec(msgspec.Struct, rename="camel"):
    resource_attributes: Attributes | None = None


class _Review(msgspec.Struct):
    spec: _Spec


async def review(exchange: Exchange) -> web.StreamResponse:
    """The review with its `status`. Paths outside of resources are always allowed.

    Raises:
        ApiError: 400 for a body that is not a review, 415 for one that is not JSON (kubectl's own
            `auth can-i` speaks protobuf).
    """
    if exchange.http.content_type != "application/json":
        raise ApiError(415)
    body = await exchange.http.read()
    try:
        spec = msgspec.json.decode(body, type=_Review).spec
        echoed = msgspec.json.decode(body)
    except msgspec.MsgspecError as error:
        raise ApiError(400, f"the object provided is unrecognized: {error}") from None
    attributes = spec.resource_attributes
    allowed = attributes is None or exchange.cluster.access.permits(attributes)
    reason = {"reason": "RBAC: allowed by ClusterRoleBinding"} if allowed else {}
    answer = {**echoed, "status": {"allowed": allowed, **reason}}
    return json_response(msgspec.json.encode(answer), status=201)
