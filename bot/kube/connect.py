"""Connecting by a kubeconfig or a service account, with errors that a person can act on."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import ClusterError
from bot.kube import plain_kubeconfig
from bot.kube.client import Api
from bot.kube.plain_kubeconfig import PlainServer
from bot.kube.plain_transport import PlainTransport
from bot.kube.transport import unusable_certificates

if TYPE_CHECKING:
    from kubernetes.aio.client.configuration import Configuration

NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")

INSTALLED_IN = "meshmedic"
"""The namespace of deploy/base."""


@asynccontextmanager
async def connect(
    *, kubeconfig: Path | None = None, context: str | None = None, once: bool = False
) -> AsyncIterator[Api]:
    """An open connection to the cluster that a kubeconfig or the pod's service account names.

    Without `kubeconfig`: the service account inside a cluster, else `$KUBECONFIG`, else
    `~/.kube/config`. Nothing is sent yet. `once`: for a process that asks once and ends.

    Raises:
        ClusterError: There is no configuration, or it cannot be used.
    """
    in_cluster = _in_cluster(kubeconfig, context)
    if once and not in_cluster and (server := _plain(kubeconfig, context)):
        async with _plainly(server, kubeconfig, context) as plain:
            yield Api(plain)
        return
    # It takes a third of a second to import, which a terminal's check does not need.
    from bot.kube.packaged_connect import packaged  # noqa: PLC0415

    async with packaged(kubeconfig, context, in_cluster=in_cluster) as transport:
        yield Api(transport)


def _plain(kubeconfig: Path | None, context: str | None) -> PlainServer | None:
    file = plain_kubeconfig.only_file(kubeconfig)
    return plain_kubeconfig.read(file, context) if file else None


@asynccontextmanager
async def _plainly(
    server: PlainServer, kubeconfig: Path | None, context: str | None
) -> AsyncIterator[PlainTransport]:
    async def configuration() -> Configuration:
        from bot.kube.packaged_connect import load  # noqa: PLC0415  # as above

        return (await load(kubeconfig, context, in_cluster=False))[0]

    try:
        transport = PlainTransport(server, configuration)
    except (OSError, ValueError) as error:
        raise unusable_certificates(error) from error
    try:
        yield transport
    finally:
        await transport.close()


def own_namespace(kubeconfig: Path | None, context: str | None) -> str:
    """The pod's namespace where its service account is used; empty outside a cluster.

    Raises:
        ClusterError: It runs in a cluster, and cannot find its namespace. Going on without one,
            several processes could act at the same time.
    """
    if not _in_cluster(kubeconfig, context):
        return ""
    try:
        return NAMESPACE_FILE.read_text().strip()
    except OSError as error:
        msg = (
            f"The pod's namespace cannot be read from {NAMESPACE_FILE} ({error.strerror}). "
            "Set MESHMEDIC_STATE_NAMESPACE, or mount the service account's token."
        )
        raise ClusterError(msg) from error


def bot_namespace(kubeconfig: Path | None, context: str | None, state: str) -> str:
    """Where the bot's own pod is: the namespace of this pod, else of its state, else deploy's own.

    Only there may a pod's label be believed: elsewhere anybody may give it to theirs.
    """
    own = ""
    with suppress(ClusterError):
        own = own_namespace(kubeconfig, context)
    return own or state or INSTALLED_IN


def _in_cluster(kubeconfig: Path | None, context: str | None) -> bool:
    here = bool(os.environ.get("KUBERNETES_SERVICE_HOST"))
    return here and kubeconfig is None and context is None
