"""Answers to create, update, patch and delete, for every kind that is served.

A stale resourceVersion and a taken or invalid name are refused in the words of a real server.
Schemas, admission, finalizers and the existence of a namespace are not checked; a field manager is
accepted and ignored.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from bot.sandbox.kubernetes_api.exchange import Exchange, decoded, json_response
from bot.sandbox.kubernetes_api.status import (
    ApiError,
    already_exists,
    details,
    invalid,
    modified,
    not_found,
)
from bot.sandbox.kubernetes_api.stored import Stored

Object = dict[str, Any]

MERGE_PATCH = "application/merge-patch+json"
SERVER_METADATA = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")
"""Metadata that a client cannot set."""

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
NO_SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or"
    " '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used"
    f" for validation is '{SUBDOMAIN.pattern}')"
)


async def create(exchange: Exchange) -> web.StreamResponse:
    """Add an object.

    Raises:
        ApiError: 409 for a name that is taken, 422 for an invalid name.
    """
    target = exchange.target
    if target.name:
        raise ApiError(405)
    body = await _body(exchange)
    metadata = body["metadata"]
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = metadata["generateName"] + secrets.token_hex(3)[:5]
    name = metadata.get("name") or ""
    _check_name(exchange, name)
    if metadata.get("resourceVersion"):
        message = "resourceVersion should not be set on objects to be created"
        raise ApiError(500, message, reason="")
    if exchange.lookup(name):
        raise already_exists(exchange.qualified, name)
    return _create(exchange, body)


async def update(exchange: Exchange) -> web.StreamResponse:
    """Replace an object, or its status alone.

    Raises:
        ApiError: 404 where it does not exist, 409 where it is another version than was read.
    """
    present = _named(exchange).lookup()
    if present is None and not _is_lease(exchange):
        raise not_found(exchange.qualified, exchange.target.name)
    body = await _body(exchange)
    name = body["metadata"].get("name")
    if name != exchange.target.name:
        raise ApiError(
            400,
            f"the name of the object ({name or ''}) does not match the name on the URL"
            f" ({exchange.target.name})",
        )
    if present is None:
        return _create(exchange, body)
    _check_version(exchange, body, present)
    return _write(exchange, _separate_status(exchange, body, present), present)


async def patch(exchange: Exchange) -> web.StreamResponse:
    """Merge into an object, or into its status alone.

    Raises:
        ApiError: As `update`, and 415 for any other kind of patch.
    """
    if exchange.http.content_type != MERGE_PATCH:
        raise ApiError(
            415,
            "the body of the request was in an unknown format - accepted media types include:"
            f" {MERGE_PATCH}",
        )
    before = _named(exchange).existing()
    change = decoded(await exchange.http.read())
    merged = _merge(_typed(exchange, before), change)
    if "resourceVersion" in (change.get("metadata") or {}):
        _check_version(exchange, merged, before)
    return _write(exchange, _separate_status(exchange, merged, before), before)


async def delete(exchange: Exchange) -> web.StreamResponse:
    """Delete an object at once.

    Raises:
        ApiError: 404 where it does not exist, 405 for a whole collection, 409 where it is not as
            the preconditions say.
    """
    before = _named(exchange).existing()
    target = exchange.target
    body = await exchange.http.read()
    # Options in the body replace those of the query, a dry run included.
    options = decoded(body) if body else {}
    _check_preconditions(exchange, options.get("preconditions") or {}, before)
    if not (options.get("dryRun") == ["All"] if body else _dry_run(exchange)):
        exchange.cluster.delete(
            target.resource.kind, before.namespace, before.name, group=target.resource.group
        )
    uid = before.plain()["metadata"]["uid"]
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {**details(exchange.qualified, before.name), "uid": uid},
    }
    return json_response(msgspec.json.encode(status))


def _named(exchange: Exchange) -> Exchange:
    """The request, which must name an object: collections cannot be written.

    Raises:
        ApiError: 405.
    """
    if not exchange.target.name:
        raise ApiError(405)
    return exchange


def _is_lease(exchange: Exchange) -> bool:
    """Whether PUT also creates the object. Source: the Lease strategy's `AllowCreateOnUpdate`."""
    return exchange.qualified == "leases.coordination.k8s.io"


async def _body(exchange: Exchange) -> Object:
    """The object that a client sent, of the kind and the namespace of the path."""
    body = await exchange.sent()
    target = exchange.target
    api_version, kind = target.type
    sent = body.setdefault("apiVersion", api_version), body.setdefault("kind", kind)
    if sent != target.type:
        version = sent[0].rpartition("/")[2]
        raise ApiError(400, f'{sent[1]} in version "{version}" cannot be handled as a {kind}')
    metadata = body["metadata"] = dict(body.get("metadata") or {})
    if (metadata.get("namespace") or target.namespace) != target.namespace:
        raise ApiError(
            400,
            "the namespace of the provided object does not match the namespace sent on the request",
        )
    if target.namespace:
        metadata["namespace"] = target.namespace
    return body


def _check_name(exchange: Exchange, name: str) -> None:
    resource = exchange.target.resource
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    field = "metadata.name"
    if not name:
        raise invalid(kind, name, field, "Required value: name or generateName is required")
    if not SUBDOMAIN.fullmatch(name):
        raise invalid(kind, name, field, f'Invalid value: "{name}": {NO_SUBDOMAIN}')


def _check_version(exchange: Exchange, body: Object, before: Stored) -> None:
    """Refuse any other resourceVersion than the present one, and for some kinds a missing one."""
    version = str(body["metadata"].get("resourceVersion") or "")
    if version and version != str(before.version):
        raise modified(exchange.qualified, before.name)
    # Source: `AllowUnconditionalUpdate` of the kinds' strategies; custom resources have it off.
    if not version and (_is_lease(exchange) or not exchange.target.resource.builtin):
        field, why = "metadata.resourceVersion", "Invalid value: 0: must be specified for an update"
        raise invalid(exchange.qualified, before.name, field, why)


def _check_preconditions(exchange: Exchange, preconditions: Object, before: Stored) -> None:
    present = before.plain()["metadata"]
    for key in ("uid", "resourceVersion"):
        if preconditions.get(key) not in (None, str(present[key])):
            raise modified(exchange.qualified, before.name)


def _separate_status(exchange: Exchange, body: Object, before: Stored) -> Object:
    """The object to write: only the subresource `status` changes the status, and nothing else."""
    if "status" not in exchange.target.resource.subresources:
        return body
    present = _typed(exchange, before)
    changes_status = exchange.target.subresource == "status"
    source, result = (body, present) if changes_status else (present, dict(body))
    result.pop("status", None)
    return result | ({"status": source["status"]} if "status" in source else {})


def _create(exchange: Exchange, body: Object) -> web.Response:
    if "status" in exchange.target.resource.subresources:
        body.pop("status", None)
    if exchange.qualified == "services":
        _allocate(exchange, body.setdefault("spec", {}))
    return _write(exchange, body, None)


def _allocate(exchange: Exchange, spec: Object) -> None:
    """Give a Service the first free VIP of the range for Services that clients create."""
    if spec.get("clusterIP") or spec.get("type", "ClusterIP") == "ExternalName":
        return
    services = exchange.cluster.in_order("services")
    taken = {stored.plain().get("spec", {}).get("clusterIP") for stored in services}
    free = (f"10.43.240.{number}" for number in range(1, 255))
    spec["clusterIP"] = next((address for address in free if address not in taken), "")


def _write(exchange: Exchange, body: Object, before: Stored | None) -> web.Response:
    """Write unless it is a dry run or changes nothing, and show the result."""
    _check_size(exchange, body)
    cluster = exchange.cluster
    metadata = {k: v for k, v in body["metadata"].items() if k not in SERVER_METADATA}
    change = cluster.intended(body | {"metadata": metadata})
    if before is not None and _same(before, change.after):
        return exchange.show(before)
    shown = change.after
    if _dry_run(exchange):
        shown = shown.at(before.version if before else None, exchange.qualified)
    else:
        cluster.commit(change)
    return exchange.show(shown, status=200 if before else 201)


MAX_DATA = 1024 * 1024
"""Bytes of a ConfigMap's values. Source: core validation, `MaxSecretSize`."""


def _check_size(exchange: Exchange, body: Object) -> None:
    if exchange.qualified != "configmaps":
        return
    data, binary = body.get("data") or {}, body.get("binaryData") or {}
    size = sum(len(str(value).encode()) for value in data.values())
    size += sum(len(str(value)) * 3 // 4 for value in binary.values())
    if size > MAX_DATA:
        why = f"Too long: may not be more than {MAX_DATA} bytes"
        raise invalid("ConfigMap", body["metadata"].get("name", ""), "[]", why)


def _same(before: Stored, after: Stored) -> bool:
    old, new = before.plain(), after.plain()
    for version in (old, new):
        del version["metadata"]["resourceVersion"]
    return old == new


def _typed(exchange: Exchange, stored: Stored) -> Object:
    api_version, kind = exchange.target.type
    return {"apiVersion": api_version, "kind": kind, **stored.plain()}


def _merge(target: Any, change: Any) -> Any:
    """A JSON merge patch. Source: RFC 7396."""
    if not isinstance(change, Mapping):
        return change
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in change.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge(merged.get(key), value)
    return merged


def _dry_run(exchange: Exchange) -> bool:
    value = exchange.parameter("dryRun")
    if value not in ("", "All"):
        kind = f"{exchange.target.verb.capitalize()}Options.meta.k8s.io"
        why = f'Unsupported value: ["{value}"]: supported values: "All"'
        raise invalid(kind, "", "dryRun", why)
    return value == "All"
