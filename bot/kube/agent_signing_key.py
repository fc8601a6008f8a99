"""The key that this process signs jobs with, and its public half where the agents look for it."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from typing import TYPE_CHECKING

from bot.errors import Absent, ClusterError
from bot.kube.agent_configmaps import AgentsConfig, config_map
from bot.kube.client import Api
from bot.net.probing import agent_keys, signed_job
from bot.net.probing.signed_job import SignedRequest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

log = logging.getLogger(__name__)

KEYS = config_map(agent_keys.CONFIG_MAP)
BITS = 3072


class ProbeKey:
    """Made when it is first published, and never written down."""

    def __init__(self, api: Api) -> None:
        self._config = AgentsConfig(api, agent_keys.CONFIG_MAP)
        self._name = f"key-{secrets.token_hex(6)}"
        self._key: RSAPrivateKey | None = None

    @property
    def published(self) -> bool:
        """Whether agents can know it, at least soon."""
        return self._key is not None

    async def publish(self) -> bool:
        """Publish it, for the first time or again. Says whether there is a place for it.

        Without one there are no agents. What fails is logged: the key that is out there stays good
        for a while.
        """
        try:
            await self._write(await self._config.read())
        except Absent:
            self._key = None
            return False
        except ClusterError as error:
            log.warning("the key for the probing agents cannot be published: %s", error)
        return self.published

    async def sign(self, node: str, body: bytes) -> SignedRequest:
        """The request that carries a job to the agent of that node.

        Raises:
            ValueError: That is no name of a node.
        """
        assert self._key  # noqa: S101  # whoever asks has looked at `published`
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
        line = signed_job.public_key(modulus, now + agent_keys.LIFE).decode()
        await self._config.merge(agent_keys.renewed(present, self._name, line, now))
        self._key = key


def _new_key() -> RSAPrivateKey:
    # Only where there are agents: it is a large library.
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    return rsa.generate_private_key(65537, BITS)


def _signature(key: RSAPrivateKey, message: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415

    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
