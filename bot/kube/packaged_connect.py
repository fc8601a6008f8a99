"""Connecting by the `kubernetes` package: every kubeconfig, and a pod's service account."""

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
from bot.kube import plain_kubeconfig
from bot.kube.packaged_transport import PackagedTransport
from bot.kube.transport import unusable_certificates

POOL = 80
"""Connections: a watch holds one for each kind, group and namespace, and requests need some too."""

CONNECT_TIMEOUT = 30.0
"""Seconds for reading the kubeconfig, which may run a credential plugin."""


@asynccontextmanager
async def packaged(
    kubeconfig: Path | None, context: str | None, *, in_cluster: bool
) -> AsyncIterator[PackagedTransport]:
    """An open connection. Nothing is sent yet.

    Raises:
        ClusterError: There is no configuration, or it cannot be used.
    """
    configuration, loader = await load(kubeconfig, context, in_cluster=in_cluster)
    try:
        client = ApiClient(configuration)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise unusable_certificates(error) from error
    # Renews the token of a credential plugin, and returns at once where there is none.
    renewal = kube_config.refresh_token(loader, configuration) if loader else None
    refresh = asyncio.create_task(renewal) if renewal else None
    try:
        yield PackagedTransport(client)
    finally:
        if refresh:
            refresh.cancel()
            with suppress(asyncio.CancelledError):
                await refresh
        await client.close()


async def load(
    kubeconfig: Path | None, context: str | None, *, in_cluster: bool
) -> tuple[Configuration, KubeConfigLoader | None]:
    """Address, TLS and credentials; the loader renews a token.

    Raises:
        ClusterError: There is no configuration, or it cannot be used.
    """
    configuration = Configuration()
    configuration.connection_pool_maxsize = POOL
    if in_cluster:
        try:
            kube_config.load_incluster_config(client_configuration=configuration)
        except (kube_config.ConfigException, OSError) as error:
            msg = f"The pod's service account cannot be used: {_first_line(error)}"
            raise ClusterError(msg) from error
        return configuration, None
    where = _find(kubeconfig)
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            loader = await kube_config.load_kube_config(
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
    return configuration, loader


def _find(kubeconfig: Path | None) -> str:
    where = plain_kubeconfig.named(kubeconfig)
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
