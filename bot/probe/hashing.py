"""SHA-256, loaded when it is first wanted."""


def sha256(content: bytes) -> bytes:
    """The hash."""
    # OpenSSL comes with it: 4 MB that an agent without work does without.
    import hashlib  # noqa: PLC0415

    return hashlib.sha256(content).digest()
