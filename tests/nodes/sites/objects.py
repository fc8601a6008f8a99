"""The objects of a site: its backend, its Service, its route and what stands before it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.nodes.images import BUSYBOX, MESHMEDIC
from tests.nodes.manifests import Object

NAMESPACE = "sites"
ZONE = "lab.example.org"
SCRIPT = "server"
PORT = 8080
DAY = timedelta(days=1)
LISTENS = "site-listens=yes"
"""The label of the pods that print what they hear."""


def host_of(name: str) -> str:
    """The host of a site."""
    return f"{name}.{ZONE}"


def served(*arguments: str) -> Object:
    """A container with a server that prints what it hears."""
    command = ["python", "-S", "/site/server.py", *arguments]
    mounts = [{"name": "site", "mountPath": "/site"}]
    return _container(MESHMEDIC, command, volumeMounts=mounts)


def silent(command: str) -> Object:
    """A container that listens nowhere."""
    return _container(BUSYBOX, ["sh", "-c", command])


def _container(image: str, command: Sequence[str], **more: object) -> Object:
    pulled = {"image": image, "imagePullPolicy": "IfNotPresent"}
    return {"name": "site", **pulled, "command": command, **more}


def script() -> Object:
    """The server, for pods to mount."""
    source = Path(__file__).with_name("server.py").read_text()
    return _made("v1", "ConfigMap", SCRIPT, data={"server.py": source})


def backend(name: str, container: Object, node: str, port: int = PORT) -> Iterator[Object]:
    """A Deployment of one pod on a node, and its Service on port 80."""
    labels = {"app": name}
    listens = dict([LISTENS.split("=")]) if container["image"] == MESHMEDIC else {}
    pod = {
        "nodeSelector": {"kubernetes.io/hostname": node},
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "containers": [container],
        "volumes": [{"name": "site", "configMap": {"name": SCRIPT}}],
    }
    template = {"metadata": {"labels": {**labels, **listens}}, "spec": pod}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    yield _made("apps/v1", "Deployment", name, spec=spec)
    ports = [{"name": "http", "port": 80, "targetPort": port}]
    yield _made("v1", "Service", name, spec={"selector": labels, "ports": ports})


def route(
    name: str,
    *,
    rule: str = "",
    middlewares: Sequence[str] = (),
    secret: str = "",
    annotations: dict[str, str] | None = None,
    suffix: str = "",
) -> Object:
    """An IngressRoute of a host to the Service of that name; by TLS where a secret is named."""
    match = f"Host(`{host_of(name)}`)" + (f" && {rule}" if rule else "")
    one: dict[str, object] = {
        "match": match,
        "kind": "Rule",
        "services": [{"name": name, "port": 80}],
    }
    if middlewares:
        one["middlewares"] = [{"name": middleware} for middleware in middlewares]
    spec: dict[str, object] = {
        "entryPoints": ["websecure" if secret else "web"],
        "routes": [one],
    }
    if secret:
        spec["tls"] = {"secretName": secret}
    return _made(
        "traefik.io/v1alpha1",
        "IngressRoute",
        f"{name}{suffix}",
        spec=spec,
        annotations=annotations or {},
    )


def ingress(name: str) -> Object:
    """A plain Ingress of a host."""
    service = {"service": {"name": name, "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": service}]
    rules = [{"host": host_of(name), "http": {"paths": paths}}]
    return _made("networking.k8s.io/v1", "Ingress", name, spec={"rules": rules})


def middleware(name: str, **spec: object) -> Object:
    """A Middleware."""
    return _made("traefik.io/v1alpha1", "Middleware", name, spec=spec)


def users(name: str) -> Object:
    """The Secret of a basicAuth: nobody knows the password."""
    digest = base64.b64encode(hashlib.sha1(name.encode()).digest()).decode()  # noqa: S324  # htpasswd
    return _made("v1", "Secret", name, stringData={"users": f"ada:{{SHA}}{digest}\n"})


def certificate(name: str, host: str, life: timedelta) -> Object:
    """The Secret of a certificate for a host, by nobody's authority; it ends after its life."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    ends = datetime.now(UTC) + life
    signed = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - 90 * DAY)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    texts = {"tls.crt": signed.public_bytes(pem).decode(), "tls.key": private.decode()}
    return _made("v1", "Secret", name, type="kubernetes.io/tls", stringData=texts)


def _made(
    api_version: str,
    kind: str,
    name: str,
    *,
    annotations: dict[str, str] | None = None,
    **more: object,
) -> Object:
    metadata = {"name": name, "namespace": NAMESPACE, "annotations": annotations or {}}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **more}
