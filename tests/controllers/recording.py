"""What the controllers wrote, kept: `--record` writes it, and every test run judges it."""

from __future__ import annotations

import gzip
import json
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.domain.resources.registry import KINDS
from tests.clusters.real import RealCluster
from tests.controllers.reading import Recorded

Plain = dict[str, Any]
FOLDER = Path(__file__).parent / "recorded"
OBJECTS, WATCHED = FOLDER / "objects.json.gz", FOLDER / "watched.json.gz"

BESIDE = ("deployments.apps", "replicasets.apps")
"""Kinds that are recorded whether or not the live checks read them."""

NOISE = ("managedFields", "uid", "resourceVersion", "selfLink")
LONG = {
    "CertificateRequest": (("spec", "request"), ("status", "certificate"), ("status", "ca")),
    "Order": (("spec", "request"), ("status", "certificate")),
    "Challenge": (("spec", "key"), ("spec", "token")),
    "Issuer": (("spec", "acme", "caBundle"),),
}
"""Keys and certificates, of which nothing is judged."""

LOOPBACK = re.compile(r"127\.0\.0\.1:\d+")
RESOLVER = re.compile(r"\bon [\d.]+:53\b")
"""The name server that somebody asked, as Go's errors name it."""


@dataclass(frozen=True)
class Recording:
    """The objects of a cluster at one time, and what ran.

    served: Whether Traefik served each route that it had.
    log: What its log says went wrong.
    """

    cluster: Recorded
    served: Mapping[str, bool]
    log: tuple[str, ...]
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """The watched objects at one time, and whether they were meant to fail then."""

    cluster: Recorded
    failing: bool


def objects_of(real: RealCluster) -> tuple[Plain, ...]:
    """All objects of the kinds that the bot reads, as `kubectl` shows them."""
    served = set(real.kubectl("api-resources", "--output=name").split())
    read = (f"{kind.plural}.{kind.groups[0]}".rstrip(".") for kind in KINDS)
    wanted = [name for name in dict.fromkeys((*read, *BESIDE)) if name in served]
    items: Iterable[Plain] = real.read(",".join(wanted), "--all-namespaces")["items"]
    return tuple(items)


def cleaned(objects: Iterable[Plain], known: Mapping[str, str]) -> tuple[Plain, ...]:
    """The objects without what is of one machine; `known` are its addresses and paths."""
    text = json.dumps([_short(plain) for plain in objects])
    for here, name in known.items():
        text = text.replace(here, name)
    text = RESOLVER.sub("on 10.43.0.10:53", LOOPBACK.sub("127.0.0.1:80", text))
    host = re.escape(socket.gethostname())
    assert not re.search(rf"(?<![\w-]){host}(?![\w-])", text), "the name of this machine"
    read: list[Plain] = json.loads(text)
    return tuple(read)


def _short(plain: Plain) -> Plain:
    meta = {key: value for key, value in plain["metadata"].items() if key not in NOISE}
    meta["ownerReferences"] = [
        {key: value for key, value in owner.items() if key != "uid"}
        for owner in meta.get("ownerReferences") or ()
    ]
    if plain["kind"] == "Secret":
        plain = {"apiVersion": "v1", "kind": "Secret"}
        meta.pop("annotations", None)
    made: Plain = json.loads(json.dumps({**plain, "metadata": meta}))
    for *path, last in LONG.get(plain["kind"], ()):
        inside: Any = made
        for step in path:
            inside = inside.get(step) or {}
        inside.pop(last, None)
    return made


def write(path: Path, document: Any) -> None:
    """The document, packed; the same document makes the same bytes."""
    path.parent.mkdir(exist_ok=True)
    text = json.dumps(document, separators=(",", ":"), sort_keys=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def write_objects(recording: Recording) -> None:
    """Keep the situations."""
    cluster = recording.cluster
    document = {
        "takenAt": cluster.taken_at.isoformat(),
        "served": dict(recording.served),
        "log": recording.log,
        "parts": recording.parts,
        "objects": cluster.objects,
    }
    write(OBJECTS, document)


def write_steps(steps: Iterable[Step]) -> None:
    """Keep what was watched; states that come again are kept once."""
    states: list[str] = []
    document = []
    for step in steps:
        state = json.dumps(step.cluster.objects, sort_keys=True)
        if state not in states:
            states.append(state)
        at = step.cluster.taken_at.isoformat()
        document.append({"at": at, "failing": step.failing, "state": states.index(state)})
    write(WATCHED, {"states": [json.loads(state) for state in states], "steps": document})


def objects() -> Recording:
    """The situations that were kept."""
    document = _read(OBJECTS)
    taken_at = datetime.fromisoformat(document["takenAt"])
    cluster = Recorded(taken_at, tuple(document["objects"]))
    log, parts = tuple(document["log"]), tuple(document["parts"])
    return Recording(cluster, document["served"], log, parts)


def steps() -> tuple[Step, ...]:
    """What was watched, in order."""
    document = _read(WATCHED)
    states = [tuple(state) for state in document["states"]]
    return tuple(
        Step(
            Recorded(datetime.fromisoformat(step["at"]), states[step["state"]]),
            failing=step["failing"],
        )
        for step in document["steps"]
    )


def _read(path: Path) -> Any:
    return json.loads(gzip.decompress(path.read_bytes()))
