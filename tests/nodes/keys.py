"""The cluster's keys: one authority, certificates of servers and clients, tokens and kubeconfigs.

Python 3.13, the image's, verifies strictly: an authority says what its key is for, and a
certificate names the key that signed it (RFC 5280, 4.2.1.1 and 4.2.1.3).
"""

from __future__ import annotations

import ipaddress
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests import certificates
from tests.nodes.place import ADDRESSES, API_URL, KEYS, SERVER, SERVICE_RANGE

AUTHORITY = KEYS / "ca.pem"
TOKENS = KEYS / "tokens.csv"
ACCOUNTS = KEYS / "service-accounts.key"

LIFE = timedelta(days=30)
CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)
BOTH = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH)

USERS: Mapping[str, tuple[str, str]] = {
    "admin": ("admin", "system:masters"),
    "kube-controller-manager": ("system:kube-controller-manager", ""),
    "kube-scheduler": ("system:kube-scheduler", ""),
    "kube-proxy": ("system:kube-proxy", ""),
    "flannel": ("flannel", "system:masters"),
    **{f"kubelet-{node}": (f"system:node:{node}", "system:nodes") for node in ADDRESSES},
}
"""Who has a token, and the user and group that it stands for."""


def certificate(name: str) -> Path:
    """A certificate's file."""
    return KEYS / f"{name}.pem"


def key(name: str) -> Path:
    """A key's file."""
    return KEYS / f"{name}.key"


def kubeconfig(name: str) -> Path:
    """A user's kubeconfig."""
    return KEYS / f"{name}.kubeconfig"


def make() -> None:
    """Make all keys, where they are missing."""
    if TOKENS.exists():
        return
    KEYS.mkdir(parents=True, exist_ok=True)
    authority = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "meshmedic-nodes")])
    _write(AUTHORITY, _authority(authority, issuer))
    _write_key("ca", authority)
    names = ["kubernetes"]
    names += [f"kubernetes.default{suffix}" for suffix in ("", ".svc", ".svc.cluster.local")]
    first = str(next(ipaddress.ip_network(SERVICE_RANGE).hosts()))
    names += [ADDRESSES[SERVER], first, "127.0.0.1"]
    sign = _Signer(authority, issuer)
    sign("apiserver", "kube-apiserver", names=names)
    sign("kubelet-client", "kube-apiserver-kubelet-client", group="system:masters")
    for node, address in ADDRESSES.items():
        whose = f"system:node:{node}"
        sign(f"kubelet-{node}", whose, group="system:nodes", names=[node, address])
    accounts = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    _write_key(ACCOUNTS.stem, accounts)
    rows = []
    for name, (user, group) in USERS.items():
        token = secrets.token_urlsafe(24)
        rows.append(f'{token},{user},{user},"{group}"\n')
        kubeconfig(name).write_text(_kubeconfig(name, token))
    TOKENS.write_text("".join(rows))  # last: it says that all is there


class _Signer:
    def __init__(self, authority: ec.EllipticCurvePrivateKey, issuer: x509.Name) -> None:
        self.authority, self.issuer = authority, issuer

    def __call__(
        self, name: str, common: str, *, group: str = "", names: Sequence[str] = ()
    ) -> None:
        """Write a key and its certificate, for a server too where it has names."""
        own = ec.generate_private_key(ec.SECP256R1())
        parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
        if group:
            parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
        builder = certificates.begun(x509.Name(parts), self.issuer, own, LIFE)
        signed_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.authority.public_key())
        builder = builder.add_extension(signed_by, critical=False)
        usage = x509.ExtendedKeyUsage(BOTH if names else CLIENT)
        builder = builder.add_extension(usage, critical=False)
        if names:
            alternative = x509.SubjectAlternativeName([_general(name) for name in names])
            builder = builder.add_extension(alternative, critical=False)
        _write(certificate(name), builder.sign(self.authority, hashes.SHA256()))
        _write_key(name, own)


def _authority(own: ec.EllipticCurvePrivateKey, name: x509.Name) -> x509.Certificate:
    builder = certificates.begun(name, name, own, LIFE)
    builder = builder.add_extension(certificates.AUTHORITY, critical=True)
    return builder.add_extension(certificates.SIGNS, critical=True).sign(own, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(to: Path, signed: x509.Certificate) -> None:
    to.write_bytes(signed.public_bytes(serialization.Encoding.PEM))


def _write_key(name: str, own: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    to = key(name)
    to.touch(mode=0o600)
    to.write_bytes(
        own.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )


def _kubeconfig(name: str, token: str) -> str:
    cluster = {"server": API_URL, "certificate-authority": str(AUTHORITY)}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "nodes",
            "clusters": [{"name": "nodes", "cluster": cluster}],
            "users": [{"name": name, "user": {"token": token}}],
            "contexts": [{"name": "nodes", "context": {"cluster": "nodes", "user": name}}],
        },
        indent=1,
    )
