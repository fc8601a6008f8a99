"""What the bot writes for the agents: they have no token to ask the API server with.

Each ConfigMap is made by deploy/components/prober-daemonset, empty; without it there are no agents.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from bot.domain.temporary import NAMESPACE
from bot.errors import Absent, ClusterError
from bot.kube.client import Api
from bot.kube.paths import path
from bot.net.probing import agent_configmaps, signed_job
from bot.net.probing.signed_job import SignedRequest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

log = logging.getLogger(__name__)

CONFIG_MAPS = path("/api/v1/namespaces", NAMESPACE, "configmaps")
REQUEST = 8.0
"""Seconds for one request."""

BITS = 3072


class _ConfigMap(msgspec.Struct, frozen=True):
    data: dict[str, str] | None = None


class AgentsConfig:
    """A ConfigMap that agents mount, by its name."""

    def __init__(self, api: Api, name: str) -> None:
        self._api = api
        self._path = path(CONFIG_MAPS, name)

    async def read(self) -> dict[str, str]:
        """Its content.

        Raises:
            Absent: It does not exist, so there are no agents.
            ClusterError: It cannot be read.
        """
        body = await self._api.get(self._path, total=REQUEST)
        return msgspec.json.decode(body, type=_ConfigMap).data or {}

    async def merge(self, data: Mapping[str, str | None]) -> None:
        """Set these keys; None removes one.

        Raises:
            ClusterError: It cannot be written.
        """
        await self._api.merge(self._path, {"data": data}, total=REQUEST)


class SigningKey:
    """The key by which this process signs jobs: made for the first publication, never stored."""

    def __init__(self, api: Api) -> None:
        self._config = AgentsConfig(api, agent_configmaps.KEYS)
        self._name = f"key-{secrets.token_hex(6)}"
        self._key: RSAPrivateKey | None = None
        self._line = ""
        """What stands in the ConfigMap for this key."""
        self._renewed_at = 0.0
        self._told_at = 0.0
        """When it came into the ConfigMap, at first or again, by the monotonic clock."""

    @property
    def told_ago(self) -> float:
        """Seconds since the ConfigMap has it without a break."""
        return time.monotonic() - self._told_at

    @property
    def published(self) -> bool:
        """Whether agents know it, or will soon."""
        return self._key is not None

    def stands_in(self, present: Mapping[str, str]) -> bool:
        """Whether a ConfigMap with this content tells agents of the key."""
        return bool(self._line) and present.get(self._name) == self._line

    async def publish(self) -> None:
        """Publish it where it is missing or will end soon, if there are agents.

        A failure is logged: the key that was published before stays valid for a while.
        """
        try:
            present = await self._config.read()
            due = time.time() - self._renewed_at >= agent_configmaps.KEYS_EVERY
            stands = self.stands_in(present)
            if due or not stands:
                await self._write(present)
            if not stands:
                self._told_at = time.monotonic()
        except Absent:
            self._key = None
        except ClusterError as error:
            log.warning("the key for the probing agents cannot be published: %s", error)

    async def sign(self, node: str, body: bytes) -> SignedRequest:
        """The request that carries a job to the agent of that node.

        Raises:
            ValueError: The node cannot have that name.
        """
        assert self._key  # noqa: S101  # callers check `published`
        issued = round(1000 * time.time())
        message = signed_job.signed_bytes(node, issued, body)
        # Two milliseconds each, and there may be hundreds of nodes.
        signature = await asyncio.to_thread(_signature, self._key, message)
        return signed_job.request(node, issued, body, signature)

    async def _write(self, present: dict[str, str]) -> None:
        key = self._key
        if key is None:
            key = await asyncio.to_thread(_new_key)
        modulus = key.public_key().public_numbers().n
        now = time.time()
        line = signed_job.public_key(modulus, now + agent_configmaps.KEY_LIFE).decode()
        await self._config.merge(agent_configmaps.renewed_keys(present, self._name, line, now))
        self._key, self._line, self._renewed_at = key, line, now


def _new_key() -> RSAPrivateKey:
    # Only where there are agents: it is a large library.
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    return rsa.generate_private_key(65537, BITS)


def _signature(key: RSAPrivateKey, message: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415

    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
