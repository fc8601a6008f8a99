"""Connecting by a kubeconfig or a service account, with errors that a person can act on."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import yaml
from kubernetes.aio import config as kube_config
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config.kube_config import KubeConfigLoader

from bot.errors import ClusterError
from bot.kube.client import Api

POOL = 80
"""Connections: a watch holds one for each kind, group and namespace, and requests need some too."""

NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")

INSTALLED_IN = "meshmedic"
"""The namespace of deploy/base."""

CONNECT_TIMEOUT = 30.0
"""Seconds for reading the kubeconfig, which may run a credential plugin."""


@asynccontextmanager
async def connect(
    *, kubeconfig: Path | None = None, context: str | None = None
) -> AsyncIterator[Api]:
    """An open connection to the cluster that a kubeconfig or the pod's service account names.

    Without `kubeconfig`: the service account inside a cluster, else `$KUBECONFIG`, else
    `~/.kube/config`. Nothing is sent yet.

    Raises:
        ClusterError: There is no configuration, or it cannot be used.
    """
    configuration = Configuration()
    configuration.connection_pool_maxsize = POOL
    loader = await _load(configuration, kubeconfig, context)
    try:
        client = ApiClient(configuration)
    except (ssl.SSLError, OSError, ValueError) as error:
        msg = f"The cluster's certificates cannot be loaded ({error}). Check the kubeconfig's CA."
        raise ClusterError(msg) from error
    # Renews the token of a credential plugin, and returns at once where there is none.
    renewal = kube_config.refresh_token(loader, configuration) if loader else None
    refresh = asyncio.create_task(renewal) if renewal else None
    try:
        yield Api(client)
    finally:
        if refresh:
            refresh.cancel()
            with suppress(asyncio.CancelledError):
                await refresh
        await client.close()


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


async def _load(
    configuration: Configuration, kubeconfig: Path | None, context: str | None
) -> KubeConfigLoader | None:
    if _in_cluster(kubeconfig, context):
        try:
            kube_config.load_incluster_config(client_configuration=configuration)
        except (kube_config.ConfigException, OSError) as error:
            msg = f"The pod's service account cannot be used: {_first_line(error)}"
            raise ClusterError(msg) from error
        return None
    where = _find(kubeconfig)
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            return await kube_config.load_kube_config(
                config_file=where,
                context=context,
                client_configuration=configuration,
                persist_config=False,
            )
    except TimeoutError as error:
        msg = (
            f"Reading {where} took longer than {CONNECT_TIMEOUT:.0f} s: a credential plugin hangs."
        )
        raise ClusterError(msg) from error
    except (kube_config.ConfigException, yaml.YAMLError, OSError, ValueError, TypeError) as error:
        msg = f"The kubeconfig at {where} cannot be used: {_first_line(error)}"
        raise ClusterError(msg) from error


def _find(kubeconfig: Path | None) -> str:
    """One path, or several that are joined as in `$KUBECONFIG`."""
    where = str(kubeconfig or os.environ.get("KUBECONFIG") or Path("~/.kube/config").expanduser())
    if any(Path(part).expanduser().is_file() for part in where.split(os.pathsep) if part):
        return where
    msg = (
        f"There is no kubeconfig at {where}. Name one with --kubeconfig or $KUBECONFIG, "
        "or run inside the cluster."
    )
    raise ClusterError(msg)


def _first_line(error: Exception) -> str:
    """An error's first line: YAML errors quote the file, which may hold credentials."""
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
