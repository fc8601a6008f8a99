"""Certificates as every authority of the tests signs them, and such as Python 3.13 refuses."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

KEY_USAGE = "no keyUsage"
KEY_IDENTIFIER = "no authority key identifier"
CRITICAL = "basicConstraints not critical"
FAULTS = {
    KEY_USAGE: "CA cert does not include key usage extension",
    KEY_IDENTIFIER: "Missing Authority Key Identifier",
    CRITICAL: "Basic Constraints of CA cert not marked critical",
}
"""What may be missing, and what OpenSSL says then."""

AUTHORITY = x509.BasicConstraints(ca=True, path_length=None)
SIGNS = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
"""The extensions of an authority; both are critical."""


def issue(folder: Path, fault: str = "") -> tuple[bytes, ssl.SSLContext]:
    """A CA's certificate, and a server's context with a certificate of it for 127.0.0.1."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a cluster's CA")])
    root = begun(root_name, root_name, root_key).add_extension(
        AUTHORITY, critical=fault != CRITICAL
    )
    if fault != KEY_USAGE:
        root = root.add_extension(SIGNS, critical=True)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an API server")])
    leaf = begun(name, root_name, key).add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
        critical=False,
    )
    if fault != KEY_IDENTIFIER:
        leaf = leaf.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
            critical=False,
        )
    chain = folder / "server.pem"
    chain.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + leaf.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    ca = root.sign(root_key, hashes.SHA256())
    return ca.public_bytes(serialization.Encoding.PEM), context


def begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    life: dt.timedelta = dt.timedelta(days=1),
) -> x509.CertificateBuilder:
    """A certificate of a key that names it, to be completed and signed by the issuer."""
    now = dt.datetime.now(dt.UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + life)
        .add_extension(identifier, critical=False)
    )
