"""A running Traefik: its version, and its configuration by its arguments.

Source: Traefik's static configuration, v2.10 to v3.7 (keys are read without regard to case), and
the labels of its Helm chart and of k3s's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from bot.domain import label_selector
from bot.domain.label_selector import Requirement
from bot.domain.resources.base import Object
from bot.domain.resources.registry import TRAEFIK

TAG = re.compile(
    r":v?(\d{1,9}\.\d{1,9}(?:\.\d{1,9})?)(?:[-+][\w.]{1,128})?(?:@sha256:[0-9a-f]{64})?$"
)
LABELLED = re.compile(r"v?(\d{1,9}\.\d{1,9}(?:\.\d{1,9})?)")
PORT = re.compile(r".{0,300}?:(\d{1,5})(?:/tcp)?")
ENTRY_POINT = re.compile(r"entrypoints\.([^.]+)")
ENTRY_MIDDLEWARES = re.compile(r"entrypoints\.[^.]+\.http\.middlewares")
PLUGIN = re.compile(r"experimental\.(?:local)?plugins\.([^.]+)\.")
RESOLVER = re.compile(r"certificatesresolvers\.([^.]+)\.")
NARROWING = re.compile(
    r"providers\.kubernetes(?:crd|ingress|gateway)\.(?:namespaces|labelselector|ingressclass)\b"
)
TRUE = frozenset({"true", "1", "t"})
FALSE = frozenset({"false", "0", "f"})
VARIABLE = "$("
"""What Kubernetes replaces in an argument by a value of the environment, which is not read."""

CRD, INGRESS, GATEWAY = "kubernetescrd", "kubernetesingress", "kubernetesgateway"
"""Traefik's providers of its own kinds, of Ingresses and of the Gateway API, as arguments say."""

INGRESS_NGINX = "providers.kubernetesingressnginx"
"""A provider that reads Ingresses by rules of its own, from 3.6 on."""

CLASS = "kubernetes.io/ingress.class"
TRAEFIK_CLASS = "traefik"
"""The annotation for the class of a route, and Traefik's own class."""

API_PORT = 8080
"""The port of Traefik's own entrypoint, unless the arguments name another one."""

OWN_ENTRY_POINT = "traefik"
PROMETHEUS = "metrics.prometheus"

LEVEL = "ERROR"
"""Traefik's default log level, v2 and v3."""

NATIVE_LB_SINCE = (2, 10)
NATIVE_BY_DEFAULT_SINCE = (3, 0)
NATIVE_GATEWAYS_SINCE = (3, 2)
NEW_GROUP_ONLY_SINCE = (3, 0)
"""From 3.0 on Traefik reads only traefik.io; 2.10 and 2.11 read both API groups."""

LONGEST_SELECTOR = 1000
"""Longer selectors are not read: anybody may start a pod that looks like Traefik."""

SHOWN = 5
LONGEST = 200
"""How many namespaces, and how much of a selector, a message names."""

HOW_TO_ENABLE = (
    "Optional. `--api.insecure=true` serves the API without a login on the `traefik` entrypoint "
    "(k3s: `additionalArguments` in a HelmChartConfig named traefik in kube-system). Only do that "
    "if that port can't be reached from outside the cluster."
)
SEE_DOCTOR = "That's optional: `/doctor` says how to turn it on."
"""The hint in an answer: only `/doctor` shows the advice on Traefik's arguments."""

HOW_TO_LOG = (
    "Start Traefik with `--log.level=DEBUG` for a while (k3s: `logs.general.level` in a "
    "HelmChartConfig named traefik in kube-system)."
)


@dataclass(frozen=True, slots=True)
class TraefikPod:
    """A pod of Traefik. `container` is the one in which it runs."""

    namespace: str
    name: str
    running: bool
    image: str = ""
    version_label: str = ""
    args: tuple[str, ...] = ()
    container: str = ""
    node: str = ""

    @property
    def id(self) -> str:
        """`namespace/name`, which no other pod has: names are anybody's to choose."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Scope:
    """The objects that a provider reads: none where it is off, else all but what it leaves out.

    `selector` is the text of `labels`.
    """

    provider: str
    on: bool = True
    namespaces: tuple[str, ...] = ()
    labels: tuple[Requirement, ...] = ()
    selector: str = ""

    def why_unread(self, resource: Object) -> str:
        """Why it reads no such object; empty if it does."""
        if not self.on:
            return f"its provider {self.provider} is off (--providers.{self.provider})"
        if self.leaves_out(resource.namespace):
            names = ", ".join(self.namespaces[:SHOWN])
            return f"--providers.{self.provider}.namespaces names only {names}"
        if not all(label.met_by(resource.metadata.labels or {}) for label in self.labels):
            return (
                f"its labels do not fit --providers.{self.provider}.labelselector={self.selector}"
            )
        return ""

    def leaves_out(self, namespace: str) -> bool:
        """Whether nothing is read of a namespace."""
        return bool(self.namespaces) and namespace not in self.namespaces


@dataclass(frozen=True, slots=True)
class StaticConfig:
    """The configuration by the arguments. `complete` is False if a file has the rest of it.

    `api_open`: the API needs no route, on `api_port` below `base_path`. `api_on`: the API is
    served at all. The pairs are of the providers kubernetescrd and kubernetesingress: nativeLB by
    default (and of kubernetesgateway), the ingress class, and whether ExternalName is allowed.
    `cross_namespace`: whether an IngressRoute may refer to other namespaces; `empty_routes`: to
    Services without an endpoint. `rule_syntax`: that of rules which name none. `plugins` and
    `resolvers`: the names of plugins and certificate resolvers, in small letters. `routes`,
    `ingresses` and `gateways`: what the providers read. `entry_points`: their names, in small
    letters; `entry_point_ports`: the ports of those whose arguments tell them. `strict_prefix`:
    whether a Prefix of an Ingress ends where a segment does. `metrics_port`: where requests are
    counted for Prometheus, by router or service; 0 where the arguments do not tell.
    `entry_middlewares`: whether an entrypoint has Middlewares of its own.
    """

    complete: bool = False
    api_open: bool = False
    api_on: bool = False
    api_port: int = API_PORT
    base_path: str = ""
    native_routes: bool = False
    native_ingresses: bool = False
    native_gateways: bool = False
    class_of_routes: str = ""
    class_of_ingresses: str = ""
    external_routes: bool = False
    external_ingresses: bool = False
    cross_namespace: bool = False
    empty_routes: bool = False
    rule_syntax: str = ""
    plugins: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = ()
    level: str = LEVEL
    access_log: bool = False
    routes: Scope = Scope(CRD)
    ingresses: Scope = Scope(INGRESS)
    gateways: Scope = Scope(GATEWAY)
    entry_points: tuple[str, ...] = ()
    entry_point_ports: tuple[tuple[str, int], ...] = ()
    strict_prefix: bool = False
    metrics_port: int = 0
    entry_middlewares: bool = False

    @property
    def shows_servers(self) -> bool:
        """Whether the log shows servers and failures: only at DEBUG."""
        return self.level in ("DEBUG", "TRACE")

    @property
    def shows_failures(self) -> bool:
        """Whether the log shows failed requests: those of an access log are enough."""
        return self.shows_servers or self.access_log


@dataclass(frozen=True, slots=True)
class TraefikConfig:
    """Version and configuration of the Traefik that reads the routes; empty if not known."""

    version: str = ""
    static: StaticConfig = StaticConfig()

    def since(self, begin: tuple[int, ...]) -> bool:
        """Whether Traefik has this version or a later one; an unknown version counts as newest."""
        return (number(self.version) or (99,)) >= begin


def config_of(pod: TraefikPod) -> TraefikConfig:
    """Version and configuration of a replica."""
    return TraefikConfig(version(pod), static_config(pod.args))


def configs_of(pods: Iterable[TraefikPod]) -> tuple[TraefikConfig, ...]:
    """The configurations of replicas, each once: usually all are of one Deployment."""
    return tuple(dict.fromkeys(map(config_of, pods)))


def version(pod: TraefikPod) -> str:
    """`3.6.2`, by the image's tag, else by the label; empty if neither has it."""
    match = TAG.search(pod.image) or LABELLED.fullmatch(pod.version_label)
    return match[1] if match else ""


def oldest(known: Iterable[TraefikConfig]) -> str:
    """The oldest version of some; what it can do all of them can. Empty if one is not known."""
    versions = [config.version for config in known]
    return min(versions, key=lambda text: number(text) or (), default="")


def versions_of(pods: Collection[TraefikPod]) -> str:
    """`3.6.2`, or with the number of pods of each where several run: `3.6.2 (2) and 3.5.0 (1)`."""
    counts = Counter(version(pod) or "unknown" for pod in pods).most_common()
    if len(counts) == 1:
        return counts[0][0]
    return " and ".join(f"{name} ({count})" for name, count in counts)


def number(text: str) -> tuple[int, ...] | None:
    """Major and minor of a version; None if it is not a version."""
    parts = text.split(".")[:2]
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else None


def groups(version: str) -> tuple[str, ...]:
    """The API groups that a version reads; both if the version is not known."""
    major_minor = number(version)
    if major_minor is not None and major_minor >= NEW_GROUP_ONLY_SINCE:
        return TRAEFIK[:1]
    if major_minor is not None and major_minor < NATIVE_LB_SINCE:
        return TRAEFIK[1:]
    return TRAEFIK


def other_class(annotations: Mapping[str, str] | None, own: str) -> str:
    """Why a Traefik of the class `own` does not read a route; empty if it does."""
    name = (annotations or {}).get(CLASS, "")
    if name == own or (not own and name == TRAEFIK_CLASS):
        return ""
    reads = own or TRAEFIK_CLASS
    return f"Its ingress class is {name or 'not set'}, and this Traefik reads {reads}."


def other_class_name(name: str, own: str) -> str:
    """Why a Traefik of the class `own` does not read an Ingress of a class; empty if it does.

    IngressClass objects are not read: a class with Traefik in its name counts as Traefik's.
    """
    if name == own or (not own and TRAEFIK_CLASS in name.lower()):
        return ""
    return f"Its ingress class is {name}, which is not known to be Traefik's."


def static_config(args: Sequence[str]) -> StaticConfig:
    """The configuration by the command and arguments of a container."""
    flags = _flags(args)
    routes, ingresses = _scope(flags, CRD), _scope(flags, INGRESS)
    if not flags or "configfile" in flags or routes is None or ingresses is None:
        return StaticConfig()

    def on(key: str) -> bool:
        return flags.get(key, "false").lower() in TRUE

    crd, ingress = f"providers.{CRD}.", f"providers.{INGRESS}."
    port = PORT.fullmatch(flags.get(f"entrypoints.{OWN_ENTRY_POINT}.address", ""))
    return StaticConfig(
        complete=True,
        api_open=on("api.insecure"),
        api_on=on("api.insecure") or on("api") or on("api.dashboard"),
        api_port=int(port[1]) if port else API_PORT,
        base_path=flags.get("api.basepath", "").rstrip("/"),
        native_routes=on(f"{crd}nativelbbydefault"),
        native_ingresses=on(f"{ingress}nativelbbydefault"),
        native_gateways=on(f"providers.{GATEWAY}.nativelbbydefault"),
        class_of_routes=flags.get(f"{crd}ingressclass", ""),
        class_of_ingresses=flags.get(f"{ingress}ingressclass", ""),
        external_routes=on(f"{crd}allowexternalnameservices"),
        external_ingresses=on(f"{ingress}allowexternalnameservices"),
        cross_namespace=on(f"{crd}allowcrossnamespace"),
        empty_routes=on(f"{crd}allowemptyservices"),
        rule_syntax=flags.get("core.defaultrulesyntax", "").lower(),
        plugins=_named(PLUGIN, flags),
        resolvers=_named(RESOLVER, flags),
        level=flags.get("log.level", LEVEL).upper(),
        access_log=on("accesslog") or any(key.startswith("accesslog.") for key in flags),
        routes=routes,
        ingresses=Scope(INGRESS) if any(INGRESS_NGINX in key for key in flags) else ingresses,
        # The selector of this provider chooses GatewayClasses, and no routes.
        gateways=replace(_scope(flags, GATEWAY) or Scope(GATEWAY), labels=(), selector=""),
        entry_points=_named(ENTRY_POINT, flags),
        entry_point_ports=tuple(
            (name, int(match[1]))
            for name in _named(ENTRY_POINT, flags)
            if (match := PORT.fullmatch(flags.get(f"entrypoints.{name}.address", "")))
        ),
        strict_prefix=on(f"{ingress}strictprefixmatching"),
        metrics_port=_metrics_port(flags),
        entry_middlewares=any(map(ENTRY_MIDDLEWARES.match, flags)),
    )


def _metrics_port(flags: Mapping[str, str]) -> int:
    """The port at which `/metrics` answers by plain HTTP, with requests by router or service.

    Source: Traefik's `Prometheus.SetDefaults`, v2.10 to v3.7: on as soon as one of its options is
    set, by service and not by router, at its own entrypoint.
    """
    own = any(key.startswith(f"{PROMETHEUS}.") for key in flags)

    def on(key: str, *, default: bool = False) -> bool:
        return flags.get(f"{PROMETHEUS}{key}", str(default)).lower() in TRUE

    counts = on(".addserviceslabels", default=True) or on(".addrouterslabels")
    if not on("", default=own) or on(".manualrouting") or not counts:
        return 0
    entry = f"entrypoints.{flags.get(f'{PROMETHEUS}.entrypoint', OWN_ENTRY_POINT).lower()}."
    if any(key.startswith(f"{entry}http.tls") for key in flags):
        return 0
    default = f":{API_PORT}" if entry == f"entrypoints.{OWN_ENTRY_POINT}." else ""
    port = PORT.fullmatch(flags.get(f"{entry}address", default))
    return int(port[1]) if port else 0


def _named(pattern: re.Pattern[str], keys: Iterable[str]) -> tuple[str, ...]:
    """The names in keys of a pattern, each once."""
    return tuple(dict.fromkeys(match[1] for key in keys if (match := pattern.match(key))))


def _scope(flags: Mapping[str, str], provider: str) -> Scope | None:
    """What a provider reads; None where its arguments do not tell.

    Where no provider at all is named, a configuration that is not seen has to name one.
    """
    prefix = f"providers.{provider}"
    own = {key: value for key, value in flags.items() if f"{key}.".startswith(f"{prefix}.")}
    if any(VARIABLE in value and NARROWING.match(key) for key, value in own.items()):
        return None
    elsewhere = not any(key.startswith("providers.") for key in flags)
    named = ",".join(value for key, value in own.items() if key.startswith(f"{prefix}.namespaces"))
    selector = own.get(f"{prefix}.labelselector", "")
    if len(selector) > LONGEST_SELECTOR:
        return None
    labels = tuple(map(label_selector.requirement, label_selector.parts(selector)))
    if None in labels:
        return None
    return Scope(
        provider,
        on=elsewhere or (bool(own) and own.get(prefix, "").lower() not in FALSE),
        namespaces=tuple(filter(None, map(str.strip, named.split(",")))),
        labels=tuple(filter(None, labels)),
        selector=selector[:LONGEST],
    )


def _flags(args: Sequence[str]) -> dict[str, str]:
    """Values by key in small letters, after `=` or as the next argument; else `true`.

    Of several lists of namespaces, Traefik takes all.
    """
    flags: dict[str, str] = {}
    for arg, following in zip_longest(args, args[1:], fillvalue="--"):
        if arg.startswith("--"):
            key, is_set, value = arg[2:].partition("=")
            apart = "true" if following.startswith("-") else following
            key, value = key.lower(), value if is_set else apart
            several = key in flags and key.endswith(".namespaces")
            flags[key] = f"{flags[key]},{value}" if several else value
    return flags
