"""Real objects of other projects' tests and real routes, kept by a real API server.

What its schemas drop or change must not change a verdict; what it refuses is counted by its reason.
"""

import json
import re
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.domain.resources.registry import KINDS, Kind
from bot.errors import ClusterError, Forbidden, Invalid, ServerError
from bot.health.offline import judge, newest_moment
from bot.manifests import reader as manifests
from tests.clusters import Cluster, Plain, ask

BY_GROUP = {(group, kind.name): kind for kind in KINDS for group in kind.groups}
SECRET = ("", "Secret")
NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,200}[a-z0-9])?")
REFUSALS = (Invalid, ServerError, Forbidden)


def kind_of(plain: Plain) -> Kind | None:
    """The kind that we read it as, whatever its version."""
    group = str(plain.get("apiVersion", "")).rpartition("/")[0]
    key = (group, plain.get("kind", ""))
    return None if key == SECRET else BY_GROUP.get(key)


def as_served(plain: Plain, kind: Kind) -> Plain:
    """The object as a user would apply it today: the served version, a namespace, no history."""
    group = plain["apiVersion"].rpartition("/")[0]
    meta = plain.get("metadata") or {}
    kept = {key: meta[key] for key in ("labels", "annotations") if meta.get(key)}
    place = {"namespace": "real-objects"} if kind.namespaced else {}
    named = {"name": str(meta.get("name") or "unnamed"), **place, **kept}
    version = f"{group}/{kind.versions[0]}" if group else kind.versions[0]
    spec = plain.get("spec")
    if kind.name == "Service" and isinstance(spec, dict):  # addresses of another cluster's range
        spec = {key: value for key, value in spec.items() if not key.startswith("clusterIP")}
    rest = {"spec": spec} if spec is not None else {}
    return {**plain, "apiVersion": version, "metadata": named, **rest}


def path_of(served: Plain, kind: Kind) -> str:
    version = served["apiVersion"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    place = "/namespaces/real-objects" if kind.namespaced else ""
    return f"{root}{place}/{kind.plural}/{served['metadata']['name']}"


def verdict(plain: Plain, meta: Plain, now: datetime) -> str:
    """Ours, with the metadata that the object came with: a server writes its own times."""
    (judged,) = judge([{**plain, "metadata": meta}], now=now)
    return f"{judged.verdict} {judged.reason}"


async def kept(cluster: Cluster, served: Plain, kind: Kind) -> Plain:
    """The object as the server gives it back.

    Raises:
        ClusterError: It does not take it.
    """
    await cluster.put(served)
    _, body = await ask(cluster, path_of(served, kind))
    meta = served["metadata"]
    await cluster.delete(served["kind"], meta.get("namespace", ""), meta["name"])
    return body


def why(error: ClusterError) -> str:
    """A refusal in a few words: the field that is named, else the answer's code."""
    if found := re.search(r"is invalid: \[?([\w.\[\]\"']+)", str(error)):
        return "refused by validation at " + re.sub(r"\[[^]]*\]", "[]", found[1])
    code = re.search(r"answered (\d+)", str(error))
    told = {"500": "a field of the wrong type", "403": "a service account that is not there"}
    return "refused: " + told.get(code[1] if code else "", str(error)[:60])


async def test_a_real_server_keeps_what_the_verdicts_stand_on(
    cluster: Cluster, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each object of the status data that it takes is judged as it was in its file."""
    outcomes: Counter[str] = Counter()
    changed = []
    for path in sorted({each["file"] for each in index(data)}):
        for plain in manifests.parse((data / path).read_bytes(), path).objects:
            kind = kind_of(plain) if isinstance(plain, dict) else None
            if not isinstance(plain, dict) or kind is None:
                outcomes["of a kind that only `judge` reads"] += 1
                continue
            served = as_served(plain, kind)
            try:
                back = await kept(cluster, served, kind)
            except REFUSALS as error:
                outcomes[why(error)] += 1
                continue
            now = newest_moment([plain]) or datetime.now(UTC)
            meta = plain.get("metadata") or {}
            before, after = (verdict(each, meta, now) for each in (served, back))
            outcomes["kept"] += 1
            if before != after:
                changed.append(f"{path}: {before} became {after}")
    show(capsys, "real objects", outcomes)
    assert outcomes["kept"] > 50
    assert not changed


async def test_real_routes_are_read_as_they_were_written(
    cluster: Cluster, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ingresses and IngressRoutes from public repositories, judged from the server's answer."""
    outcomes: Counter[str] = Counter()
    changed = []
    for plain in routes(data, limit=300):
        kind = kind_of(plain)
        assert kind is not None
        served = as_served(plain, kind)
        try:
            back = await kept(cluster, served, kind)
        except REFUSALS as error:
            outcomes[why(error)] += 1
            continue
        now = datetime.now(UTC)
        before, after = (verdict(each, served["metadata"], now) for each in (served, back))
        outcomes["kept"] += 1
        if before != after:
            changed.append(f"{served['metadata']['name']}: {before} became {after}")
    show(capsys, "real routes", outcomes)
    assert outcomes["kept"] > 100
    assert not changed


def index(data: Path) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads((data / "status" / "index.json").read_text())
    return read


def routes(data: Path, *, limit: int) -> list[Plain]:
    """The first routes of the corpus with a usable name; templates are left out."""
    found: list[Plain] = []
    for path in sorted((data / "corpus").rglob("*.y*ml")):
        try:
            objects = manifests.parse(path.read_bytes(), path.name).objects
        except Exception:  # noqa: BLE001, S112  # what cannot be read is another suite's subject
            continue
        for plain in objects:
            if not isinstance(plain, dict) or plain.get("kind") not in ("Ingress", "IngressRoute"):
                continue
            name = (plain.get("metadata") or {}).get("name")
            if kind_of(plain) and isinstance(name, str) and NAME.fullmatch(name):
                found.append(plain)
        if len(found) >= limit:
            break
    return found[:limit]


def show(capsys: pytest.CaptureFixture[str], title: str, outcomes: Counter[str]) -> None:
    lines = [f"{count:>5}  {what}" for what, count in outcomes.most_common()]
    with capsys.disabled():
        sys.stdout.write(f"\n{title}: {outcomes.total()}\n" + "\n".join(lines) + "\n")
