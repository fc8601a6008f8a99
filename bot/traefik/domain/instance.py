"""A Traefik that runs: its version, and what its arguments say of its configuration.

Source: Traefik's static configuration, v2.10 to v3.7 (keys are read without regard to case), and
the labels of its Helm chart and of k3s's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.resources.registry import TRAEFIK

TAG = re.compile(r":v?(\d+\.\d+(?:\.\d+)?)(?:[-+][\w.]+)?(?:@sha256:[0-9a-f]+)?$")
LABELLED = re.compile(r"v?(\d+\.\d+(?:\.\d+)?)")
PORT = re.compile(r".*?:(\d{1,5})(?:/tcp)?")
TRUE = frozenset({"true", "1", "t"})

CLASS = "kubernetes.io/ingress.class"
TRAEFIK_CLASS = "traefik"
"""The annotation for the class of a route, and Traefik's own class."""

API_PORT = 8080
"""Where Traefik's own entrypoint listens if nothing else is said."""

LEVEL = "ERROR"
"""Traefik's default log level, v2 and v3."""

NATIVE_LB_SINCE = (2, 10)
NATIVE_BY_DEFAULT_SINCE = (3, 0)
NEW_GROUP_ONLY_SINCE = (3, 0)
"""From here on only traefik.io is read; 2.10 and 2.11 read both groups."""

HOW_TO_ENABLE = (
    "Optional. Let Traefik start with --api.insecure=true (k3s: a HelmChartConfig named traefik in "
    "kube-system, additionalArguments), and keep its port inside the cluster."
)
HOW_TO_LOG = (
    "Let Traefik start with --log.level=DEBUG for a while (k3s: a HelmChartConfig named traefik in "
    "kube-system, logs.general.level)."
)


@dataclass(frozen=True, slots=True)
class TraefikPod:
    """A pod that says that it is Traefik's. `container` is the one in which Traefik runs."""

    namespace: str
    name: str
    running: bool
    image: str = ""
    version_label: str = ""
    args: tuple[str, ...] = ()
    container: str = ""
    node: str = ""
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class StaticConfig:
    """What the arguments say. `complete` is False where they do not tell: a file says the rest.

    `api_open` is Traefik's API without a route to it, on `api_port` below `base_path`; `api_on`
    tells that it is served at all. The pairs are of the providers kubernetescrd and
    kubernetesingress: nativeLB by default, the ingress class, and whether ExternalName is allowed.
    """

    complete: bool = False
    api_open: bool = False
    api_on: bool = False
    api_port: int = API_PORT
    base_path: str = ""
    native_routes: bool = False
    native_ingresses: bool = False
    class_of_routes: str = ""
    class_of_ingresses: str = ""
    external_routes: bool = False
    external_ingresses: bool = False
    level: str = LEVEL
    access_log: bool = False

    @property
    def shows_servers(self) -> bool:
        """Whether the log tells of servers and failures: only at DEBUG."""
        return self.level in ("DEBUG", "TRACE")


def version(pod: TraefikPod) -> str:
    """`3.6.2`, by the image's tag, else by the label; empty where neither tells."""
    found = TAG.search(pod.image) or LABELLED.fullmatch(pod.version_label)
    return found[1] if found else ""


def number(shown: str) -> tuple[int, ...] | None:
    """Major and minor of a version; None where there is none."""
    parts = shown.split(".")[:2]
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else None


def groups(shown: str) -> tuple[str, ...]:
    """The API groups that a version reads; both where the version is not known."""
    read = number(shown)
    if read is not None and read >= NEW_GROUP_ONLY_SINCE:
        return TRAEFIK[:1]
    if read is not None and read < NATIVE_LB_SINCE:
        return TRAEFIK[1:]
    return TRAEFIK


def other_class(annotations: Mapping[str, str] | None, wanted: str) -> str:
    """Why a Traefik of the class `wanted` does not read a route; empty if it does."""
    name = (annotations or {}).get(CLASS, "")
    if name == wanted or (not wanted and name == TRAEFIK_CLASS):
        return ""
    own = wanted or TRAEFIK_CLASS
    return f"Its ingress class is {name or 'not set'}, and this Traefik reads {own}."


def static_config(args: Sequence[str]) -> StaticConfig:
    """What a Traefik's command and arguments say of its configuration."""
    said = _flags(args)
    if not said or "configfile" in said:
        return StaticConfig()

    def on(key: str) -> bool:
        return said.get(key, "false").lower() in TRUE

    crd, ingress = "providers.kubernetescrd.", "providers.kubernetesingress."
    port = PORT.fullmatch(said.get("entrypoints.traefik.address", ""))
    return StaticConfig(
        complete=True,
        api_open=on("api.insecure"),
        api_on=on("api.insecure") or on("api") or on("api.dashboard"),
        api_port=int(port[1]) if port else API_PORT,
        base_path=said.get("api.basepath", "").rstrip("/"),
        native_routes=on(f"{crd}nativelbbydefault"),
        native_ingresses=on(f"{ingress}nativelbbydefault"),
        class_of_routes=said.get(f"{crd}ingressclass", ""),
        class_of_ingresses=said.get(f"{ingress}ingressclass", ""),
        external_routes=on(f"{crd}allowexternalnameservices"),
        external_ingresses=on(f"{ingress}allowexternalnameservices"),
        level=said.get("log.level", LEVEL).upper(),
        access_log=on("accesslog") or any(key.startswith("accesslog.") for key in said),
    )


def _flags(args: Sequence[str]) -> dict[str, str]:
    """By key in small letters: the value, `true` for one that has none."""
    said: dict[str, str] = {}
    for arg in args:
        if arg.startswith("--"):
            key, is_set, value = arg[2:].partition("=")
            said[key.lower()] = value if is_set else "true"
    return said
