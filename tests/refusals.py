"""Writes that an API server refuses, each with its answer: one table for two servers."""

import io
import json
from dataclasses import dataclass
from typing import Any

import aiohttp

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
MERGE = "application/merge-patch+json"


@dataclass(frozen=True, slots=True)
class Write:
    """One request, sent after the objects of `STANDING` were made.

    `same_words`: both servers say the same; else they agree in code and reason.
    """

    title: str
    method: str
    path: str
    body: Any = None
    content_type: str = "application/json"
    same_words: bool = True


def a_config_map(name: str, **metadata: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, **metadata},
        "data": {"a": "1"},
    }


def a_lease(name: str, **metadata: str) -> dict[str, Any]:
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, **metadata},
        "spec": {"holderIdentity": "me", "leaseDurationSeconds": 30},
    }


STANDING = ((CONFIG_MAPS, a_config_map("standing")), (LEASES, a_lease("standing")))

REFUSED = (
    Write("a name that is taken", "POST", CONFIG_MAPS, a_config_map("standing")),
    Write("a lease whose name is taken", "POST", LEASES, a_lease("standing")),
    Write(
        "another version than the precondition's",
        "DELETE",
        f"{CONFIG_MAPS}/standing",
        {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"resourceVersion": "7"}},
        same_words=False,
    ),
    Write("no name", "POST", CONFIG_MAPS, {"apiVersion": "v1", "kind": "ConfigMap"}),
    Write("a name that is none", "POST", CONFIG_MAPS, a_config_map("Not A Name")),
    Write(
        "a version on a new object", "POST", CONFIG_MAPS, a_config_map("new", resourceVersion="7")
    ),
    Write(
        "another namespace's object", "POST", CONFIG_MAPS, a_config_map("new", namespace="kube-a")
    ),
    Write(
        "another kind",
        "POST",
        CONFIG_MAPS,
        a_config_map("new") | {"kind": "Secret"},
        same_words=False,
    ),
    Write("a group of another kind", "POST", CONFIG_MAPS, a_lease("new"), same_words=False),
    Write("no JSON", "POST", CONFIG_MAPS, "nonsense", same_words=False),
    Write("no object to replace", "PUT", f"{CONFIG_MAPS}/absent", a_config_map("absent")),
    Write("another name", "PUT", f"{CONFIG_MAPS}/standing", a_config_map("other")),
    Write(
        "a stale version",
        "PUT",
        f"{CONFIG_MAPS}/standing",
        a_config_map("standing", resourceVersion="1"),
    ),
    Write(
        "a lease's stale version",
        "PUT",
        f"{LEASES}/standing",
        a_lease("standing", resourceVersion="1"),
    ),
    Write("a lease without its version", "PUT", f"{LEASES}/standing", a_lease("standing")),
    Write("no object to patch", "PATCH", f"{CONFIG_MAPS}/absent", {"data": None}, MERGE),
    Write(
        "a patch of a stale version",
        "PATCH",
        f"{CONFIG_MAPS}/standing",
        {"metadata": {"resourceVersion": "1"}, "data": {"a": "2"}},
        MERGE,
    ),
    Write(
        "more than fits",
        "PUT",
        f"{CONFIG_MAPS}/standing",
        a_config_map("standing") | {"data": {"a": "x" * (1024 * 1024 + 1)}},
    ),
    Write("no kind of patch", "PATCH", f"{CONFIG_MAPS}/standing", {}, same_words=False),
    Write("no object to delete", "DELETE", f"{CONFIG_MAPS}/absent"),
    Write(
        "a dry run that is none",
        "POST",
        f"{CONFIG_MAPS}?dryRun=Some",
        a_config_map("new"),
    ),
)


async def answer(session: aiohttp.ClientSession, url: str, write: Write) -> tuple[int, Any]:
    """The status and the body, decoded."""
    text = write.body if isinstance(write.body, str) else json.dumps(write.body)
    data = None if write.body is None else io.BytesIO(text.encode())
    headers = {"Content-Type": write.content_type}
    async with session.request(
        write.method, url + write.path, data=data, headers=headers
    ) as response:
        return response.status, await response.json()
