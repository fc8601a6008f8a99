"""A real Kubernetes API on this machine: etcd, kube-apiserver and kube-controller-manager.

There is no kubelet and no scheduler: pods are objects that nothing runs, and their statuses are
what the tests write.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.sandbox.kubernetes_api import write_kubeconfig

READY = 60.0
"""Seconds until a part must answer."""

STOPPING = 10.0
"""Seconds until a part must have ended."""

MANAGER = "kube-controller-manager"

CONTROLLERS = (
    *("serviceaccount-controller", "serviceaccount-token-controller", "namespace-controller"),
    *("root-ca-certificate-publisher-controller", "clusterrole-aggregation-controller"),
    *("validatingadmissionpolicy-status-controller", "resourcequota-controller"),
)
"""Not those that need a kubelet, a cloud or a scheduler; nor the garbage collector and the one of
EndpointSlices: they would undo what tests write themselves."""

CLEANERS = ("job-controller", "ttl-after-finished-controller", "garbage-collector-controller")

Commands = Mapping[str, Sequence[str]]
"""How etcd, kube-apiserver and kube-controller-manager are called; the last may be absent."""


def free_port() -> int:
    """A port of loopback that nobody listens on at the moment."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@dataclass
class ControlPlane:
    """The processes, and how to reach them. Made by `running`."""

    folder: Path
    commands: Commands
    controllers: Sequence[str] = CONTROLLERS
    authority: trustme.CA = field(default_factory=trustme.CA)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    port: int = field(default_factory=free_port)
    etcd_port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The API server's address."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def kubeconfig(self) -> Path:
        """Of somebody who may do everything."""
        return self.folder / "kubeconfig"

    def start(self) -> None:
        """Start whatever does not run, and wait until it answers.

        Raises:
            TimeoutError: It did not; the message has the end of its log.
        """
        if not self.kubeconfig.exists():
            self._prepare()
        self._start_etcd()
        self.start_api_server()
        if "kube-controller-manager" in self.commands:
            self._start(MANAGER, *self._controller_manager_flags(self.controllers))

    def start_api_server(self) -> None:
        """Start the API server alone, and wait until it is ready."""
        self._start("kube-apiserver", *self._api_server_flags())
        context = ssl.create_default_context(cadata=self.authority.cert_pem.bytes().decode())
        asked = urllib.request.Request(  # noqa: S310  # ours, and https
            f"{self.url}/readyz", headers={"Authorization": f"Bearer {self.token}"}
        )
        self._until("kube-apiserver", lambda: _answers(asked, context))

    def stop(self, name: str, *, kill: bool = False) -> None:
        """End one process."""
        process = self.processes.pop(name, None)
        if process is None:
            return
        (process.kill if kill else process.terminate)()
        try:
            process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def close(self) -> None:
        """End everything, the newest first; an orderly end takes ten seconds and is of no use."""
        for name in reversed(list(self.processes)):
            self.stop(name, kill=True)

    def forget_history(self) -> None:
        """Restart the API server after a change it did not see: every older version is expired."""
        self.stop("kube-apiserver", kill=True)
        # A key of nobody's moves etcd's revision on; compaction expires pages as well.
        revision = self._etcd("/v3/kv/put", {"key": "bWVzaG1lZGlj", "value": "MQ=="})
        self._etcd("/v3/kv/compaction", {"revision": revision["header"]["revision"]})
        self.start_api_server()

    def log(self, name: str) -> str:
        """The end of what a process printed."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def _prepare(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        (self.folder / "service-accounts.key").write_bytes(pem)
        (self.folder / "ca.pem").write_bytes(self.authority.cert_pem.bytes())
        served = self.authority.issue_cert("127.0.0.1", "localhost", "kubernetes")
        (self.folder / "server.pem").write_bytes(
            b"".join(each.bytes() for each in served.cert_chain_pems)
        )
        (self.folder / "server.key").write_bytes(served.private_key_pem.bytes())
        (self.folder / "tokens.csv").write_text(f'{self.token},tester,1,"system:masters"\n')
        write_kubeconfig(self.kubeconfig, self.url, self.token, ca=self.authority.cert_pem.bytes())

    def _start(self, name: str, *flags: str, program: str = "") -> None:
        if name in self.processes and self.processes[name].poll() is None:
            return
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(  # noqa: S603  # ours
                (*self.commands[program or name], *flags),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    def _start_etcd(self) -> None:
        client, peer = (f"http://127.0.0.1:{each}" for each in (self.etcd_port, free_port()))
        if self.commands["etcd"][-1] == "etcd" and len(self.commands["etcd"]) > 1:
            self._start("etcd", str(self.folder / "etcd"), client, peer)
        else:  # etcd's own program, as envtest brings it
            urls = [f"--{kind}-client-urls={client}" for kind in ("listen", "advertise")]
            own = (f"--data-dir={self.folder / 'etcd'}", f"--listen-peer-urls={peer}")
            self._start("etcd", *own, *urls, "--unsafe-no-fsync")
        asked = urllib.request.Request(f"{client}/health")  # noqa: S310  # ours
        self._until("etcd", lambda: _answers(asked))

    def _api_server_flags(self) -> tuple[str, ...]:
        at = self.folder
        return (
            f"--etcd-servers=http://127.0.0.1:{self.etcd_port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=192.0.2.1",  # loopback is not allowed; nobody uses it
            "--endpoint-reconciler-type=none",
            f"--secure-port={self.port}",
            f"--tls-cert-file={at}/server.pem",
            f"--tls-private-key-file={at}/server.key",
            f"--token-auth-file={at}/tokens.csv",
            f"--service-account-key-file={at}/service-accounts.key",
            f"--service-account-signing-key-file={at}/service-accounts.key",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.43.0.0/16",
            "--authorization-mode=RBAC",
            "--allow-privileged",
        )

    @contextmanager
    def cleaning(self) -> Iterator[None]:
        """While the block runs, Jobs make pods and end, and what nobody owns any more is removed.

        Whatever else refers to an owner that does not exist is removed too.
        """
        name = f"{MANAGER}-cleaning"
        self._start(name, *self._controller_manager_flags(CLEANERS), program=MANAGER)
        try:
            yield
        finally:
            self.stop(name, kill=True)

    def _controller_manager_flags(self, controllers: Sequence[str]) -> tuple[str, ...]:
        at = self.folder
        return (
            f"--kubeconfig={self.kubeconfig}",
            f"--service-account-private-key-file={at}/service-accounts.key",
            f"--root-ca-file={at}/ca.pem",
            "--use-service-account-credentials",
            "--leader-elect=false",
            "--secure-port=0",
            f"--controllers={','.join(controllers)}",
        )

    def _etcd(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        asked = urllib.request.Request(  # ours
            f"http://127.0.0.1:{self.etcd_port}{path}", data=json.dumps(body).encode()
        )
        with urllib.request.urlopen(asked, timeout=5) as response:  # noqa: S310
            answer: dict[str, Any] = json.load(response)
            return answer

    def _until(self, name: str, ready: Callable[[], bool]) -> None:
        end = time.monotonic() + READY
        while not ready():
            ended = self.processes[name].poll() is not None
            if ended or time.monotonic() > end:
                msg = f"{name} {'ended' if ended else 'did not answer'}:\n{self.log(name)}"
                raise TimeoutError(msg)
            time.sleep(0.05)


def _answers(asked: urllib.request.Request, context: ssl.SSLContext | None = None) -> bool:
    try:
        with urllib.request.urlopen(asked, timeout=2, context=context) as response:  # noqa: S310
            return bool(response.status == 200)
    except OSError:  # refused, reset, timed out, or an HTTP error
        return False


def commands(program: Path | None) -> Commands:
    """How the parts are called: our own program, else envtest's in `$KUBEBUILDER_ASSETS`."""
    if assets := os.environ.get("KUBEBUILDER_ASSETS"):
        return {name: (str(Path(assets) / name),) for name in ("etcd", "kube-apiserver")}
    assert program is not None
    parts = ("etcd", "kube-apiserver", "kube-controller-manager")
    return {name: (str(program), name) for name in parts}


@contextmanager
def running(
    folder: Path, how: Commands, controllers: Sequence[str] = CONTROLLERS
) -> Iterator[ControlPlane]:
    """A control plane that answers, ended and removed with its data at the end."""
    plane = ControlPlane(folder, how, controllers)
    try:
        plane.start()
        yield plane
    finally:
        plane.close()
        shutil.rmtree(folder / "etcd", ignore_errors=True)
