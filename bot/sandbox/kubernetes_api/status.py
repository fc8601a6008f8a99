"""Failures as an API server words them: a `Status` body, its HTTP code and its headers.

Source: k8s.io/apimachinery, pkg/api/errors; k8s.io/apiserver, pkg/endpoints and pkg/storage.
"""

from __future__ import annotations

from typing import Any

REASONS = {
    400: ("BadRequest", "the server rejected our request for an unknown reason"),
    401: ("Unauthorized", "Unauthorized"),
    403: ("Forbidden", "forbidden"),
    404: ("NotFound", "the server could not find the requested resource"),
    405: ("MethodNotAllowed", "the server does not allow this method on the requested resource"),
    406: ("NotAcceptable", "only the following media types are accepted: application/json"),
    409: ("Conflict", "the server reported a conflict"),
    410: ("Expired", "The resourceVersion for the provided watch is too old."),
    415: (
        "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include:"
        " application/json",
    ),
    422: ("Invalid", "the server refused the content of the request"),
    429: ("TooManyRequests", "Too many requests, please try again later."),
    500: ("InternalError", "Internal error occurred: etcdserver: request timed out"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: ("Timeout", "the server was unable to return a response in the time allotted"),
}
"""For each code: the reason, and the message where nothing better is known."""

LIST_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start"
    " a new list without the continue parameter, or use the continue token in this response to"
    " retrieve the remainder of the results. Continuing with the provided token results in an"
    " inconsistent list - objects that were created, modified, or deleted between the time the"
    " first chunk was returned and now may show up in the list."
)


class ApiError(Exception):
    """A request that is answered with a `Status` of failure."""

    def __init__(
        self,
        code: int,
        message: str = "",
        *,
        reason: str | None = None,
        details: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        usual_reason, usual = REASONS.get(code, ("", "unknown"))
        super().__init__(message or usual)
        self.code = code
        self.reason = usual_reason if reason is None else reason
        self.details = details or {}
        self.metadata = metadata or {}
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """The `Status` object."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": str(self),
            "reason": self.reason,
            "details": self.details,
            "code": self.code,
        }
        if self.retry_after is not None:
            body["details"] = {**self.details, "retryAfterSeconds": self.retry_after}
        return {key: value for key, value in body.items() if value or key == "metadata"}


class PageNotFoundError(Exception):
    """No such group, version or custom resource: answered in plain text, not with a `Status`.

    Source: k8s.io/apiserver, pkg/util/notfoundhandler, which ends in Go's `http.NotFound`.
    """


def details(qualified: str, name: str) -> dict[str, Any]:
    """The object that a `Status` is about. `qualified` is as in `certificates.cert-manager.io`."""
    plural, _, group = qualified.partition(".")
    fields = {"name": name, "group": group, "kind": plural}
    return {key: value for key, value in fields.items() if value}


def not_found(qualified: str, name: str) -> ApiError:
    """No such object."""
    return ApiError(404, f'{qualified} "{name}" not found', details=details(qualified, name))


def already_exists(qualified: str, name: str) -> ApiError:
    """The name is taken."""
    message = f'{qualified} "{name}" already exists'
    return ApiError(409, message, reason="AlreadyExists", details=details(qualified, name))


def modified(qualified: str, name: str) -> ApiError:
    """A write that names another version than the present one."""
    return ApiError(
        409,
        f'Operation cannot be fulfilled on {qualified} "{name}": the object has been modified;'
        " please apply your changes to the latest version and try again",
        details=details(qualified, name),
    )


def invalid(kind: str, name: str, field: str, why: str) -> ApiError:
    """A field that is refused. `kind` as in `ConfigMap`, `Certificate.cert-manager.io`."""
    reason = next(reason_ for words, reason_ in _CAUSES.items() if why.startswith(words))
    cause = {"reason": reason, "message": why, "field": field}
    message = f'{kind} "{name}" is invalid: {field}: {why}'
    return ApiError(422, message, details={**details(kind, name), "causes": [cause]})


_CAUSES = {
    "Required value": "FieldValueRequired",
    "Too long": "FieldValueTooLong",
    "Invalid value": "FieldValueInvalid",
    "Unsupported value": "FieldValueNotSupported",
}
"""A cause's reason by how its message begins. Source: apimachinery, pkg/util/validation/field."""


def too_old(version: int, oldest: int) -> ApiError:
    """A watch from before the history that is kept. Source: apiserver, the watch cache."""
    return ApiError(410, f"too old resource version: {version} ({oldest})")


def too_large(version: int, current: int) -> ApiError:
    """A version that this server has not reached, as after a restore of its database."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    message = f"Timeout: Too large resource version: {version}, current: {current}"
    return ApiError(504, message, details={"causes": [cause]}, retry_after=1)
