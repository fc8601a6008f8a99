"""SHA-256, which is loaded when it is first needed."""


def sha256(content: bytes) -> bytes:
    """The SHA-256 hash of some bytes."""
    # It loads OpenSSL: 4 MB that an idle agent does not need.
    import hashlib  # noqa: PLC0415

    return hashlib.sha256(content).digest()
