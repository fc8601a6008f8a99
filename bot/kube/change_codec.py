"""Changes as objects of their kind, and back. Source: deploy/base/change-crd.yaml."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import asdict

from bot.domain.resources.decode import ListMeta
from bot.remediation.change.change import (
    Change,
    ChangeCard,
    Notes,
    PullRequest,
    RepositoryAttempts,
    Undoing,
)
from bot.remediation.change.history import ChangeHistory, HistoryEntry
from bot.remediation.change.plan import Method, RepairPlan
from bot.remediation.change.proof import Sample
from bot.remediation.change.states import ChangeState
from bot.remediation.change.step import Step

API_VERSION, KIND = "meshmedic.dev/v1alpha1", "Change"
Manifest = dict[str, Any]


class _Meta(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    namespace: str
    resource_version: str = ""


class _Spec(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    target: str
    way: Method
    requester: str
    expires_at: datetime
    steps: tuple[Step, ...]
    asked: str = ""
    host: str = ""
    path: str = "/"
    row: str = ""
    effect: str = ""
    trial: bool = False
    cures: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    returns_after: int = 0
    preview: str = ""


class _Status(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    state: ChangeState | None = None
    history: tuple[HistoryEntry, ...] = ()
    card: ChangeCard | None = None
    baseline: Sample | None = None
    proof: tuple[str, ...] = ()
    undoing: Undoing | None = None
    pull_request: PullRequest | None = None
    attempts: RepositoryAttempts | None = None


class _Object(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str
    kind: str
    metadata: _Meta
    spec: _Spec
    status: _Status = _Status()


class _List(msgspec.Struct, frozen=True):
    items: tuple[msgspec.Raw, ...] = ()
    metadata: ListMeta = ListMeta()


def manifest(change: Change) -> Manifest:
    """The object as it is created: its status is written by a request of its own."""
    spec = _Spec(requester=change.requester, expires_at=change.expires, **asdict(change.plan))
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": change.name},
        "spec": msgspec.to_builtins(spec),
    }


def status(change: Change) -> Manifest:
    """The body that replaces the status of the version that the Change was read at."""
    noted = _Status(state=change.state, history=change.history.entries, **asdict(change.notes))
    body = manifest(change) | {"status": msgspec.to_builtins(noted)}
    body["metadata"]["resourceVersion"] = change.version
    return body


class NoChangeError(Exception):
    """An answer is no Change that is understood. The message quotes nothing of it."""


def read(body: bytes) -> Change:
    """The Change in an answer.

    Raises:
        NoChangeError: It is not of this version.
    """
    try:
        return _change(msgspec.json.decode(body, type=_Object))
    except msgspec.MsgspecError as error:
        # The text before the place may quote the content, which anybody may have written.
        _, at, place = str(error).rpartition(" - at ")
        raise NoChangeError(f"no Change of this version{at}{place}") from None


def read_all(body: bytes) -> tuple[tuple[Change, ...], str]:
    """The Changes in a list that can be read, and the token of its next page."""
    listed = msgspec.json.decode(body, type=_List)
    changes: list[Change] = []
    for item in listed.items:
        try:
            changes.append(read(item))
        except NoChangeError:
            continue
    return tuple(changes), listed.metadata.continue_


def _change(decoded: _Object) -> Change:
    spec = decoded.spec
    return Change(
        name=decoded.metadata.name,
        requester=spec.requester,
        expires=spec.expires_at,
        plan=msgspec.convert(spec, RepairPlan, from_attributes=True),
        history=ChangeHistory(decoded.status.history),
        notes=msgspec.convert(decoded.status, Notes, from_attributes=True),
        version=decoded.metadata.resource_version,
    )
