"""A real API server as a cluster of the shared suite."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
import yaml

from bot.domain.resources.registry import KINDS
from bot.errors import Absent, Conflict, Invalid, ServerError
from bot.kube.client import JSON, TOTAL, Api, Query, within
from bot.kube.connect import connect
from bot.sandbox.kubernetes_api import SERVED
from tests.cluster.control_plane import ControlPlane
from tests.clusters import Plain, crds
from tests.clusters.wire import Mode, Wire, wired

BOT = ("tested", "tested")
"""Namespace and name of the bot's service account.

Not the one of `deploy/`, which other tests install for good: what its roles allow, no test of this
suite could forbid.
"""

APPLY = "application/apply-patch+yaml"
PERMITTED: tuple[tuple[str, str], ...] = (
    *((group, kind.plural) for kind in KINDS for group in kind.groups),
    *(("", plural) for plural in ("events", "pods/log", "configmaps")),
)
VERBS = ("get", "list", "watch")
EFFECTIVE = 20.0
"""Seconds within which what was written must be what the server does."""


@dataclass(frozen=True)
class Admin:
    """Whoever may do anything, to objects of kinds that the bot does not know."""

    api: Api

    async def get(self, path: str, query: Query = ()) -> bytes:
        """The body of a GET."""
        return await self.send("GET", path, None, query)

    async def send(
        self,
        method: str,
        path: str,
        body: Plain | None = None,
        query: Query = (),
        *,
        content_type: str = JSON,
    ) -> bytes:
        """The answer to a request; nobody compares it with what was asked."""
        sent = {"Content-Type": content_type} if body else {}
        limits = within(TOTAL)
        async with self.api.stream(
            path, query, method=method, body=body, headers=sent, limits=limits
        ) as response:
            return await response.read()


@dataclass(frozen=True)
class RealCluster:
    """A cluster in which a test may do everything. `plane` is None where it is somebody else's."""

    kubeconfig: Path
    kubectl_command: tuple[str, ...]
    plane: ControlPlane | None = None

    def kubectl(self, *arguments: str, given: str | None = None, fails: bool = False) -> str:
        """What kubectl prints; on failure its error, where the test expects one."""
        ended = subprocess.run(  # noqa: S603  # ours
            (*self.kubectl_command, "--kubeconfig", str(self.kubeconfig), *arguments),
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert fails == bool(ended.returncode), ended.stderr or ended.stdout
        return ended.stderr if fails else ended.stdout

    def kubectl_tries(self, *arguments: str, given: str) -> None:
        """Let kubectl do what it can; what becomes of it is seen in the cluster."""
        subprocess.run(  # noqa: S603  # ours
            (*self.kubectl_command, "--kubeconfig", str(self.kubeconfig), *arguments),
            input=given.encode(),
            capture_output=True,
            timeout=120,
            check=False,
        )

    def apply(self, *objects: dict[str, Any]) -> None:
        """Server-side apply, strictly: an unknown field is an error."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self.kubectl(
            "apply",
            "--server-side",
            "--force-conflicts",
            "--validate=strict",
            "-f",
            "-",
            given=json.dumps(listed),
        )

    def read(self, *arguments: str) -> Any:
        """What `kubectl get … -o json` shows."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def install(self, definitions: Iterable[Plain]) -> None:
        """Install CRDs, and wait until they are served."""
        definitions = list(definitions)
        if definitions:
            self.apply(*definitions)
            named = [f"crd/{each['metadata']['name']}" for each in definitions]
            self.kubectl("wait", "--for=condition=Established", "--timeout=30s", *named)


@dataclass
class Real:
    """`tests.clusters.Cluster` over a real API server; everything put is taken away again."""

    real: RealCluster
    admin: Admin
    wire: Wire
    kubeconfig: Path
    token: str
    authority: ssl.SSLContext
    definitions: tuple[Plain, ...]
    _put: dict[str, None] = field(default_factory=dict)
    _namespaces: set[str] = field(default_factory=set)
    _making: asyncio.Lock = field(default_factory=asyncio.Lock)
    _permitted: set[tuple[str, str, str]] = field(default_factory=set)
    _roles: set[str] = field(default_factory=set)
    _changed: list[Plain] = field(default_factory=list)

    @property
    def user(self) -> str:
        return f"system:serviceaccount:{BOT[0]}:{BOT[1]}"

    def session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            f"https://127.0.0.1:{self.wire.port}",
            headers={"Authorization": f"Bearer {self.token}"},
            connector=aiohttp.TCPConnector(ssl=self.authority),
        )

    async def put(self, *objects: Plain) -> None:
        for some in _batches(objects, 20):
            await asyncio.gather(*(self._put_one(each) for each in some))

    async def delete(self, kind: str, namespace: str, name: str) -> None:
        path = next(
            each
            for each in self._put
            if each.endswith(f"/{name}")
            and _kind_of(each) == kind
            and (not namespace or f"/namespaces/{namespace}/" in each)
        )
        await self._delete(path)

    async def forbid(self, verb: str, plural: str, group: str = "") -> None:
        gone = {(group, plural, each) for each in (VERBS if verb == "*" else (verb,))}
        self._permitted -= gone
        await self._write_role()
        for each in gone:
            await self._until_may(each, expected=False)

    async def allow(
        self, verb: str, plural: str, group: str = "", namespace: str | None = None
    ) -> None:
        verbs = VERBS if verb == "*" else (verb,)
        if namespace is None:
            self._permitted |= {(group, plural, each) for each in verbs}
            await self._write_role()
        else:
            await self._ensure(namespace)
            name = f"tested-{plural}-{verb}".replace("*", "all").replace("/", "-")
            rules = [{"apiGroups": [group], "resources": [plural], "verbs": list(verbs)}]
            await self._bind("Role", name, rules, namespace)
        for each in verbs:
            await self._until_may((group, plural, each), expected=True, namespace=namespace)

    async def uninstall(self, *dropped: str) -> None:
        changed = crds.without(self.definitions, dropped)
        names = {each["metadata"]["name"] for each in changed}
        self._changed += [each for each in self.definitions if each["metadata"]["name"] in names]
        await self._serve(changed)

    async def install(self) -> None:
        await self._serve(self._changed)
        self._changed.clear()

    async def expire_history(self) -> None:
        plane = self.real.plane
        assert plane is not None, "the cluster is not ours to restart"
        self.wire.set(Mode.DEAD)
        await asyncio.to_thread(plane.forget_history)
        for crd in self.definitions:  # at first a restarted server answers 429 about custom kinds
            await _until(partial(self._answers, crd), f"{crd['metadata']['name']} after a restart")
        self.wire.set(Mode.PASSES)

    async def cut(self) -> None:
        self.wire.cut()

    async def leave(self) -> None:
        self.wire.set(Mode.DEAD)

    async def hang(self) -> None:
        self.wire.set(Mode.SILENT)

    async def come_back(self) -> None:
        self.wire.set(Mode.PASSES)

    async def begin(self) -> None:
        """Let the bot do everything."""
        self._permitted = {(*each, verb) for each in PERMITTED for verb in VERBS}
        await self._write_role()
        await self._until_may(("", "pods", "list"), expected=True)

    async def end(self) -> None:
        """Leave nothing behind."""
        for path in reversed(list(self._put)):
            if _kind_of(path) == "Namespace":
                continue  # it would take a while, and nobody minds an empty one
            with suppress(Absent):
                await self._delete(path)
        for path in self._roles:
            with suppress(Absent):
                await self.admin.send("DELETE", path)
        if self._changed:
            await self.install()

    async def _put_one(self, given: Plain) -> None:
        path, name = self._path(given)
        if namespace := given["metadata"].get("namespace"):
            await self._ensure(namespace)
        body = {key: value for key, value in given.items() if key != "status"}
        try:
            await self._apply(f"{path}/{name}", body)
        except Invalid:
            # What cannot be changed in place is replaced; a new object that is wrong stays wrong.
            if f"{path}/{name}" not in self._put:
                raise
            await self._delete(f"{path}/{name}")
            await self._apply(f"{path}/{name}", body)
        self._put[f"{path}/{name}"] = None
        if "status" in given:
            status = {key: given[key] for key in ("apiVersion", "kind", "metadata", "status")}
            with suppress(Absent):  # a kind whose status is a field like any other
                await self._apply(f"{path}/{name}/status", status)

    async def _apply(self, path: str, body: Plain) -> None:
        how = [("fieldManager", "tester"), ("force", "true"), ("fieldValidation", "Ignore")]
        await self.admin.send("PATCH", path, body, how, content_type=APPLY)

    async def _delete(self, path: str) -> None:
        self._put.pop(path, None)
        now = {"gracePeriodSeconds": 0, "propagationPolicy": "Background"}
        await self.admin.send("DELETE", path, now)

    def _path(self, given: Plain) -> tuple[str, str]:
        """The collection that an object belongs to, and its name."""
        group, _, version = given["apiVersion"].rpartition("/")
        kind = next(each for each in SERVED if (each.group, each.kind) == (group, given["kind"]))
        plural, namespaced = kind.plural, kind.namespaced
        root = f"/apis/{group}/{version}" if group else f"/api/{version}"
        place = f"/namespaces/{given['metadata'].get('namespace', 'default')}" if namespaced else ""
        return f"{root}{place}/{plural}", given["metadata"]["name"]

    async def _ensure(self, namespace: str) -> None:
        # Many objects of it come at once: all wait until it is there.
        async with self._making:
            if namespace not in self._namespaces:
                await self._make_namespace(namespace)
                self._namespaces.add(namespace)

    async def _make_namespace(self, namespace: str) -> None:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        with suppress(Conflict):
            await self.admin.send("POST", "/api/v1/namespaces", body)
        # Pods need it. Its controller makes it too, but may be away for half a minute after the
        # API server was restarted.
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
        with suppress(Conflict):
            await self.admin.send(
                "POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", account
            )

    async def _write_role(self) -> None:
        rules = [
            {"apiGroups": [group], "resources": [plural], "verbs": [verb]}
            for group, plural, verb in sorted(self._permitted)
        ]
        await self._bind("ClusterRole", "tested", rules)

    async def _bind(
        self, kind: str, name: str, rules: list[Plain], namespace: str | None = None
    ) -> None:
        root = "/apis/rbac.authorization.k8s.io/v1"
        place = f"{root}/namespaces/{namespace}" if namespace else root
        meta = {"name": name} | ({"namespace": namespace} if namespace else {})
        head = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": meta}
        role = f"{place}/{kind.lower()}s/{name}"
        binding = f"{place}/{kind.lower()}bindings/{name}"
        await self._apply(role, {**head, "kind": kind, "rules": rules})
        subject = {"kind": "ServiceAccount", "namespace": BOT[0], "name": BOT[1]}
        referred = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
        bound = {"kind": f"{kind}Binding", "roleRef": referred, "subjects": [subject]}
        await self._apply(binding, {**head, **bound})
        self._roles |= {role, binding}

    async def _until_may(
        self, asked: tuple[str, str, str], *, expected: bool, namespace: str | None = None
    ) -> None:
        group, plural, verb = asked
        resource, _, subresource = plural.partition("/")
        attributes = {"group": group, "resource": resource, "verb": verb}
        attributes |= {"subresource": subresource, "namespace": namespace or ""}
        spec = {
            "user": self.user,
            "resourceAttributes": attributes,
        }
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview"}

        async def agrees() -> bool:
            path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
            answer = json.loads(await self.admin.send("POST", path, {**review, "spec": spec}))
            return bool(answer["status"]["allowed"] == expected)

        await _until(agrees, f"{verb} {plural}: {expected}")

    async def _serve(self, definitions: list[Plain]) -> None:
        """Apply CRDs, and wait until each version is served, or is not, also by discovery."""
        if not definitions:
            return
        await asyncio.to_thread(self.real.apply, *definitions)
        for crd in definitions:
            spec = crd["spec"]
            for version in spec["versions"]:
                path = f"/apis/{spec['group']}/{version['name']}"
                await _until(
                    partial(self._agrees, path, spec["names"]["plural"], wanted=version["served"]),
                    f"{path}/{spec['names']['plural']} is served: {version['served']}",
                )

    async def _answers(self, crd: Plain) -> bool:
        spec = crd["spec"]
        version = next(each["name"] for each in spec["versions"] if each["served"])
        with suppress(ServerError):
            path = f"/apis/{spec['group']}/{version}/{spec['names']['plural']}"
            await self.admin.get(path, [("limit", 1)])
            return True
        return False

    async def _agrees(self, path: str, plural: str, *, wanted: bool) -> bool:
        listed = False
        with suppress(Absent):
            resources = json.loads(await self.admin.get(path))["resources"]
            listed = any(each["name"] == plural for each in resources)
        return listed == wanted == await _exists(self.admin, f"{path}/{plural}?limit=1")


def _batches(objects: tuple[Plain, ...], size: int) -> Iterator[tuple[Plain, ...]]:
    return (objects[start : start + size] for start in range(0, len(objects), size))


def _kind_of(path: str) -> str:
    plural = path.rsplit("/", 2)[1]
    return next(each.kind for each in SERVED if each.plural == plural)


async def _exists(api: Admin, path: str) -> bool:
    try:
        await api.get(path)
    except Absent:
        return False
    return True


async def _until(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    end = time.monotonic() + EFFECTIVE
    while not await holds():
        assert time.monotonic() < end, f"in vain: {what}"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def tried(real: RealCluster, data: Path, folder: Path) -> AsyncIterator[Real]:
    """The real cluster for one test: the bot's own service account, behind a wire."""
    definitions = crds.installed(data)
    named = yaml.safe_load(real.kubeconfig.read_text())["clusters"][0]["cluster"]
    address = urlsplit(named["server"])
    async with AsyncExitStack() as stack:
        admin = Admin(await stack.enter_async_context(connect(kubeconfig=real.kubeconfig)))
        wire = await stack.enter_async_context(wired(address.hostname or "", address.port or 443))
        token = await _token(admin)
        written = dict(named, server=f"https://127.0.0.1:{wire.port}")
        kubeconfig = folder / "kubeconfig"
        kubeconfig.touch(mode=0o600)
        kubeconfig.write_bytes(msgspec.json.encode(_kubeconfig(written, token)))
        authority = ssl.create_default_context(
            cadata=base64.b64decode(named["certificate-authority-data"]).decode()
        )
        cluster = Real(real, admin, wire, kubeconfig, token, authority, definitions)
        await cluster.begin()
        try:
            yield cluster
        finally:
            await cluster.end()


def _kubeconfig(cluster: Plain, token: str) -> Plain:
    one = "tested"
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": one, "cluster": cluster}],
        "users": [{"name": one, "user": {"token": token}}],
        "contexts": [{"name": one, "context": {"cluster": one, "user": one}}],
        "current-context": one,
    }


async def _token(admin: Admin) -> str:
    """A real token of the bot's service account, made where it is missing."""
    namespace, name = BOT
    place = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    for path, kind, called in (
        ("/api/v1/namespaces", "Namespace", namespace),
        (place, "ServiceAccount", name),
    ):
        with suppress(Conflict):
            body = {"apiVersion": "v1", "kind": kind, "metadata": {"name": called}}
            await admin.send("POST", path, body)
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    answer = await admin.send("POST", f"{place}/{name}/token", asked)
    return str(json.loads(answer)["status"]["token"])
