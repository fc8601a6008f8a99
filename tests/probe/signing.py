"""Whoever signs jobs, with a real key, as the bot does it."""

import time
from functools import cache

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from bot.net.probing import signed_job
from bot.net.probing.protocol import ProbeJob


def key(name: str = "ours", bits: int = 3072) -> rsa.RSAPrivateKey:
    """A key that is made once for a name."""
    return _made(name, bits)


@cache
def _made(_name: str, bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def modulus(of: rsa.RSAPrivateKey) -> int:
    return of.public_key().public_numbers().n


def line(of: rsa.RSAPrivateKey, not_after: float = 9e9) -> bytes:
    """Its public half, as the keys' file has it."""
    return signed_job.public_key(modulus(of), not_after)


def sign(message: bytes, of: rsa.RSAPrivateKey) -> bytes:
    return of.sign(message, padding.PKCS1v15(), hashes.SHA256())


def signed(
    job: ProbeJob | bytes,
    node: str = "alpha",
    *,
    issued: float | None = None,
    by: rsa.RSAPrivateKey | None = None,
) -> signed_job.SignedRequest:
    """The request with this job for that node's agent."""
    body = job if isinstance(job, bytes) else msgspec.json.encode(job)
    at = round(1000 * (time.time() if issued is None else issued))
    signature = sign(signed_job.signed_bytes(node, at, body), by or key())
    return signed_job.request(node, at, body, signature)
