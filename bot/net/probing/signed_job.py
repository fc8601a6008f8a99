r"""How a job is signed for the agent on one node: what goes into the signature, and the request.

Signed are the bytes `meshmedic.dev/job/v1\n<node>\n<issued>\n<body>`: the node, so that no other
agent takes it; `issued` in milliseconds of Unix time, so that an agent that was started since, and
has forgotten which jobs it did, takes no old one; and the body as it is sent. The signature is
RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2) by a key of 3072 to 4096 bits with the exponent
65537: the standard library has no other that is still sound, and agents hold public keys only.

The answer is a stream of `Line`s, ended by closing; it is whole where its last one is `done`. A
refusal is a status of 400 or more, and one `Line` that says why. A job that is to listen gets the
agent's own listener, whatever name and port it asks for: `listening` says the port, and `heard`
counts from the job's beginning. All of these lines are in the agent's log too.

The transport is plain HTTP: answers are as trustworthy as the pod network that they describe.
"""

from __future__ import annotations

import re

import msgspec

PATH = "/jobs"
PORT = 8473
"""The port on which an agent accepts jobs. Its listener has the next one, for probes alone."""

LISTENER_PORT = PORT + 1

MOST_BODY = 128 * 1024
"""The most bytes of a job that an agent accepts."""

AHEAD = 900.0
"""Seconds from now that a job may expire at the latest."""

REFUSED = "it refused the job"
"""How the reason of an agent that answered, and did not do a job, begins."""

BY_CLOCK = "clock"
"""What the reason of an agent names that did not do a job because of its node's clock."""

NODE = "Meshmedic-Node"
ISSUED = "Meshmedic-Issued"
SIGNATURE = "Meshmedic-Signature"

PREFIX = b"meshmedic.dev/job/v1\n"

AGENT = "agent"
"""The job id of what an agent says of itself, such as where it takes jobs."""

STANDING = "standing"
"""The job id of what its listener heard since it runs."""

ROUND = "round"
"""The job id of its background round, whose answers have the ids `<kind>/<node>`."""

_NODE = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
"""A node's name, which is a DNS subdomain. Source: Kubernetes, object names."""


class SignedRequest(msgspec.Struct, frozen=True):
    """A POST to PATH with these headers and this body."""

    headers: dict[str, str]
    body: bytes


def signed_bytes(node: str, issued: int, body: bytes) -> bytes:
    """What is signed. `issued` is in milliseconds of Unix time.

    Raises:
        ValueError: The node's name is not valid, so the text could mean something else.
    """
    if not _NODE.fullmatch(node):
        msg = f"no name of a node: {node!r}"
        raise ValueError(msg)
    return PREFIX + f"{node}\n{issued}\n".encode() + body


def request(node: str, issued: int, body: bytes, signature: bytes) -> SignedRequest:
    """The request that carries a signed job to the agent of that node."""
    headers = {
        NODE: node,
        ISSUED: str(issued),
        SIGNATURE: signature.hex(),
        "Content-Type": "application/json",
    }
    return SignedRequest(headers, body)


def public_key(modulus: int, not_after: float) -> bytes:
    """The line by which agents know a key until then (Unix time).

    A file of keys has one a line; a folder of such files is as good, one for each who signs.
    """
    return msgspec.json.encode({"modulus": f"{modulus:x}", "not_after": not_after})
