"""What a route refers to, and which of it is broken: shared by all kinds of routes.

Source: Traefik's providers kubernetescrd and kubernetesingress, v2.10 to v3.7. A rule whose
Service, port or Middleware is missing is dropped whole; a missing TLS secret only means that
Traefik's own default certificate is served. References to other providers (`@internal`, `@file`,
`@docker`) are not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

from bot.domain.finding import Evidence, Judgement, Ref
from bot.domain.resources import core, networking
from bot.domain.resources.base import Object, Reference
from bot.domain.sentences import sentences
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.routing import selected_workloads
from bot.routing import service_endpoints as serving
from bot.routing.addresses import named_service
from bot.routing.instance import (
    CLASS,
    CRD,
    INGRESS,
    NATIVE_BY_DEFAULT_SINCE,
    NATIVE_LB_SINCE,
    NEW_GROUP_ONLY_SINCE,
    TRAEFIK_CLASS,
    TraefikConfig,
    groups,
    number,
)
from bot.routing.rules import RuleError, Syntax, parse
from bot.routing.running import configs, read_elsewhere, reading, scope_of, why_unread
from bot.routing.selected_workloads import SCALED_TO_ZERO
from bot.routing.unmatched import WILDCARDS_SINCE, can_match, unmatched

ELSEWHERE = re.compile(r"[^@\s]{1,300}@[a-z][a-z0-9-]*")
"""A name of another provider, such as `auth@file`: what it stands for is not seen from here."""

KUBERNETES_CRD = "@kubernetescrd"
"""The provider of Traefik's own kinds, as in `<namespace>-<name>@kubernetescrd`."""

PLACEHOLDERS = ("${", "{{", "<<")
"""What Flux, Helm and others replace in a file before it reaches the cluster."""

NO_ENDPOINTS = "NoReadyEndpoints"
EMPTY = frozenset({NO_ENDPOINTS, SCALED_TO_ZERO})
"""Reasons of a Service that nothing answers for; another Service of the rule may go on."""

ANNOTATIONS = "traefik.ingress.kubernetes.io/"
"""How the annotations of an Ingress begin that only Traefik reads."""

MOST_REASONS = 3

CLASS_NOT_SERVED = "ClassNotServed"
NOT_READ = "NotReadByTraefik"
UNSERVED = frozenset({CLASS_NOT_SERVED, NOT_READ})
"""Reasons of a route that no Traefik reads."""


NOTHING_ANSWERS = frozenset({Verdict.FAILED, Verdict.SUSPENDED})
"""The verdicts of a defect that lets no request through."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is wrong with a rule, or that could not be seen.

    FAILED: the rule does not work at all. DEGRADED: it works in part. UNKNOWN: not seen.
    SUSPENDED: somebody wants nothing to run there. PROGRESSING: it is just being started.
    """

    reason: str
    message: str
    verdict: Verdict = Verdict.FAILED
    follows: tuple[Ref, ...] = ()
    drops_rule: bool = False
    """Whether Traefik builds nothing that leads to it, although other parts may work."""
    fact: str = ""
    """What shows it beside objects, such as Traefik's log."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a route, as people know it, and its defects."""

    match: str
    defects: tuple[Defect, ...] = ()

    @property
    def broken(self) -> bool:
        """Whether nothing gets through it."""
        return any(defect.verdict in NOTHING_ANSWERS for defect in self.defects)


def judgement(rules: Sequence[Rule], common: Sequence[Defect] = ()) -> Judgement | None:
    """One judgement of a route: failed if no rule works, degraded if some do; None if all do.

    `common` are defects that concern every rule.
    """
    defects = [(rule.match, defect) for rule in rules for defect in rule.defects]
    defects += [("", defect) for defect in common]
    if not defects:
        return None
    follows = tuple(dict.fromkeys(ref for _, defect in defects for ref in defect.follows))
    worst = max((defect for _, defect in defects), key=lambda defect: defect.verdict.rank)
    dead = Rule("", tuple(common)).broken or all(rule.broken for rule in rules)
    partly = worst.verdict is Verdict.FAILED and not dead
    return Judgement(
        verdict=Verdict.DEGRADED if partly else worst.verdict,
        reason=worst.reason,
        message=worst.message,
        evidence=tuple(Evidence(match or "all rules", defect.message) for match, defect in defects),
        follows=follows,
        named=follows,
        fact=worst.fact,
    )


def unless_one_works(defects: Sequence[Defect], total: int) -> tuple[Defect, ...]:
    """A rule with several Services (`total`) goes on while one of them has an endpoint.

    Not where Traefik drops what leads to a Service without one.
    """
    down = sum(defect.reason in EMPTY for defect in defects)
    if down == total:
        return tuple(defects)
    return tuple(in_part(defect) if defect.reason in EMPTY else defect for defect in defects)


def in_part(defect: Defect) -> Defect:
    """What a part without an endpoint means for the whole."""
    if not defect.drops_rule:
        return replace(defect, verdict=Verdict.DEGRADED)
    message = (
        f"{defect.message.rstrip()} Traefik then drops the whole of what leads to it: "
        "--providers.kubernetescrd.allowEmptyServices is off."
    )
    unwanted = defect.verdict is Verdict.SUSPENDED
    return replace(defect, verdict=Verdict.FAILED if unwanted else defect.verdict, message=message)


@dataclass(frozen=True, slots=True)
class Provider:
    """One of Traefik's providers: the configurations that read a route by it.

    Nothing is held against a route by arguments that none of them has for certain.
    """

    configs: tuple[TraefikConfig, ...] = ()
    of_ingresses: bool = False

    @property
    def name(self) -> str:
        """Its name in Traefik's arguments."""
        return INGRESS if self.of_ingresses else CRD

    @property
    def known(self) -> bool:
        """Whether all of Traefik's arguments were seen."""
        return bool(self.configs) and all(config.static.complete for config in self.configs)

    def syntaxes(self, named: str) -> tuple[Syntax, ...]:
        """The syntaxes by which a rule may be read; `named` is the rule's own, if any."""
        read = (syntax for config in self.configs for syntax in _syntaxes(config, named))
        return tuple(dict.fromkeys(read)) or (Syntax.V3, Syntax.V2)

    def forbids_external_names(self) -> bool:
        """Whether Traefik drops what leads to an ExternalName."""
        return self.known and not any(
            config.static.external_ingresses if self.of_ingresses else config.static.external_routes
            for config in self.configs
        )

    def forbids_other_namespaces(self) -> bool:
        """Whether Traefik drops an IngressRoute's references to other namespaces."""
        return (
            self.known
            and not self.of_ingresses
            and not any(config.static.cross_namespace for config in self.configs)
        )

    def drops_empty(self) -> bool:
        """Whether Traefik builds nothing that leads to a Service without an endpoint."""
        return (
            self.known
            and not self.of_ingresses
            and not any(config.static.empty_routes for config in self.configs)
        )

    def leaves_out(self, namespace: str) -> bool:
        """Whether no Traefik that reads an IngressRoute reads the Services of a namespace."""
        return (
            self.known
            and not self.of_ingresses
            and all(config.static.routes.leaves_out(namespace) for config in self.configs)
        )

    def takes_wildcards(self) -> bool:
        """Whether some Traefik reads `*` in Host as a wildcard; an unknown version may."""
        return not self.configs or any(config.since(WILDCARDS_SINCE) for config in self.configs)

    def plugins(self) -> frozenset[str] | None:
        """The plugins that some Traefik has, in small letters; None where that is not known."""
        if not self.known:
            return None
        return frozenset(name for config in self.configs for name in config.static.plugins)

    def resolvers(self) -> frozenset[str] | None:
        """The certificate resolvers that some Traefik has, as `plugins` has its plugins."""
        if not self.known:
            return None
        return frozenset(name for config in self.configs for name in config.static.resolvers)

    def is_newer_than(self, version: tuple[int, ...]) -> bool:
        """Whether some Traefik is, for certain, of a later version than this one."""
        return any(
            (number(config.version) or ()) > version for config in self.configs if config.version
        )

    def uses_terminating(self) -> bool:
        """Whether some Traefik sends to endpoints that terminate and still serve: v3 does."""
        return not self.configs or any(
            config.since(NEW_GROUP_ONLY_SINCE) for config in self.configs
        )

    def checks_health(self) -> bool:
        """Whether some Traefik reads the healthCheck of a Service: v3 does."""
        return self.uses_terminating()

    def drops_native_external_names(self, *, native: bool | None) -> bool:
        """Whether nativeLB breaks a reference to an ExternalName, which only Traefik 3 ignores."""
        is_elder = bool(self.configs) and not self.uses_terminating()
        return is_elder and self.is_native(native=native)

    def is_native(self, *, native: bool | None) -> bool:
        """Whether every Traefik that reads it uses nativeLB; `native` is what the route says."""
        if native is not None:
            return native and all(config.since(NATIVE_LB_SINCE) for config in self.configs)
        return bool(self.configs) and all(
            (config.static.native_ingresses if self.of_ingresses else config.static.native_routes)
            and config.since(NATIVE_BY_DEFAULT_SINCE)
            for config in self.configs
        )


ANY_PROVIDER = Provider()


def _syntaxes(config: TraefikConfig, named: str) -> tuple[Syntax, ...]:
    """Traefik 2 has one syntax; Traefik 3 takes the rule's own, else that of its arguments."""
    if not config.version:
        return (Syntax.V3, Syntax.V2)
    if not config.since(NEW_GROUP_ONLY_SINCE):
        return (Syntax.V2,)
    syntax = named or config.static.rule_syntax
    if not syntax and not config.static.complete:
        return (Syntax.V3, Syntax.V2)
    return (Syntax.V2,) if syntax.lower() == Syntax.V2 else (Syntax.V3,)


def service(
    snapshot: Snapshot,
    namespace: str,
    name: str,
    port: int | str | None,
    provider: Provider = ANY_PROVIDER,
    *,
    native: bool | None = None,
) -> Defect | None:
    """The defect of a reference to a port of a Service, None where there is none.

    `native` is what the route says of nativeLB.
    """
    target = snapshot.get(core.Service, namespace, name)
    if target is None:
        return absent(snapshot, core.Service, namespace, name)
    if not _has_port(target, port, provider):
        return _port_not_found(target, port)
    return (
        _refused(target, provider, native=native)
        or _in_place_of_another(target, snapshot)
        or _unserved(target, port, provider, snapshot, native=native)
    )


def _port_not_found(service: core.Service, port: int | str | None) -> Defect:
    have = ", ".join(serving.port_names(service.spec.ports or ())) or "none"
    what = f"Service {service.namespace}/{service.name}"
    if isinstance(port, str) and port.isdecimal():
        message = (
            f'{what}: "{port}" in quotes is the name of a port, and it has none of that name '
            f"(it has {have}). Write the number without quotes; in an Ingress, as `number`."
        )
        return Defect("PortNotFound", message)
    problem = "no port is named" if port in (None, "", 0) else f"it has no port {port}"
    return Defect("PortNotFound", f"{what}: {problem} (it has {have}).")


def _refused(service: core.Service, provider: Provider, *, native: bool | None) -> Defect | None:
    """A Service that exists, and of which Traefik makes no server by its arguments or nativeLB."""
    what = f"Service {service.namespace}/{service.name}"
    if provider.leaves_out(service.namespace):
        message = f"{what} is in a namespace that Traefik does not read"
        return Defect(NOT_READ, f"{message}: add it to --providers.{provider.name}.namespaces.")
    if service.spec.type == "ExternalName":
        if provider.drops_native_external_names(native=native):
            message = f"{what} is an ExternalName, which has no VIP, and nativeLB is on."
            return Defect("NativeExternalName", f"{message} Turn nativeLB off for it.")
        if not provider.forbids_external_names():
            return None
        message = (
            f"{what} is an ExternalName, and Traefik's arguments do not allow those, so the route "
            f"has no server. Add --providers.{provider.name}.allowExternalNameServices=true."
        )
        return Defect("ExternalNameNotAllowed", message)
    if service.spec.cluster_ip == "None" and provider.is_native(native=native):
        message = (
            f"{what} is headless, so it has no VIP, and nativeLB is on: Traefik drops the route. "
            "Turn nativeLB off for it."
        )
        return Defect("NativeHeadless", message)
    return None


def other_namespace(
    provider: Provider, here: str, kind: str, reference: Reference
) -> Defect | None:
    """A reference to another namespace, where Traefik's arguments do not allow any."""
    if not provider.forbids_other_namespaces():
        return None
    if reference.name.endswith(KUBERNETES_CRD):
        place = f"{kind} {reference.name} may be in another namespace"
        how = "Write its name without @kubernetescrd, and its namespace if that is another one"
    elif "@" not in reference.name and reference.namespace not in ("", here):
        place = f"{kind} {reference.namespace}/{reference.name} is in another namespace"
        how = f"Copy it to {here}"
    else:
        return None
    message = (
        f"{place}, and Traefik's arguments do not allow cross-namespace references, so it drops "
        f"the rule. {how}, or add --providers.kubernetescrd.allowCrossNamespace=true."
    )
    return Defect("CrossNamespaceNotAllowed", message)


ORDINARY = 500
"""The most characters of a rule of which is remembered what is wrong with it."""


def rule_defect(
    match: str, syntax: str, provider: Provider, *, live: bool, tcp: bool = False
) -> Defect | None:
    """A rule that no Traefik which may read it can parse, or that no request can match.

    Its version and its rule syntax decide; `syntax` is the rule's own, if any. In a file, what a
    tool has yet to fill in is no rule.
    """
    if not live and any(mark in match for mark in PLACEHOLDERS):
        return None
    judge = _rule_defect if len(match) <= ORDINARY else _rule_defect.__wrapped__
    defects: list[Defect] = []
    for read_as in provider.syntaxes(syntax):
        defect = judge(match, read_as, wildcards=provider.takes_wildcards(), tcp=tcp)
        if defect is None:
            return None
        defects.append(defect)
    return min(defects, key=lambda defect: defect.verdict.rank)


@lru_cache(maxsize=1024)  # Each look reads the same rules again.
def _rule_defect(match: str, syntax: Syntax, *, wildcards: bool, tcp: bool) -> Defect | None:
    expression = parse(match, syntax, tcp=tcp)
    if isinstance(expression, RuleError):
        return Defect("RuleNotValid", f"Traefik drops this rule: {expression.message}")
    reasons = unmatched(expression, syntax, wildcards=wildcards)
    if not reasons:
        return None
    if can_match(expression, syntax, wildcards=wildcards):
        message = f"No request matches a part of this rule: {reasons[0]}"
        return Defect("RuleNeverMatches", message, Verdict.DEGRADED)
    return Defect("RuleNeverMatches", f"No request matches this rule: {reasons[0]}")


def api_group(api_version: str, provider: Provider) -> Defect | None:
    """An object of an API group that no running Traefik reads."""
    group = api_version.partition("/")[0]
    if not group or not provider.configs:
        return None
    known = tuple(dict.fromkeys(g for config in provider.configs for g in groups(config.version)))
    if group in known:
        return None
    message = (
        f"Traefik {provider.configs[0].version} does not read the API group {group}: write "
        f"apiVersion: {known[0]}/v1alpha1."
    )
    return Defect("ApiGroupNotRead", message)


T = TypeVar("T", bound=Object)


def unserved_route(route: Object, snapshot: Snapshot) -> Defect | None:
    """A route of Traefik's own kinds, or an HTTPRoute for it, that no running Traefik reads."""
    if not _traefiks_known(snapshot) or _may_be_read(route, snapshot):
        return None
    if unread := _unread(route, snapshot):
        return unread
    name = (route.metadata.annotations or {}).get(CLASS, "")
    own = (config.static.class_of_routes for config in configs(snapshot))
    return _unserved_class(name, own, CRD)


def unserved_ingress(ingress: networking.Ingress, snapshot: Snapshot) -> Defect | None:
    """An Ingress for Traefik, by its class or its annotations, that no running Traefik reads.

    Ingresses of other classes are other controllers' business. Of one that names no class, nobody
    is known to serve it where no controller has given it an address either.
    """
    annotations = ingress.metadata.annotations or {}
    name = ingress.spec.ingress_class_name or annotations.get(CLASS, "")
    if not _traefiks_known(snapshot) or _may_be_read(ingress, snapshot):
        return None
    own = [config.static.class_of_ingresses for config in configs(snapshot)]
    unread = _unread(ingress, snapshot)
    if TRAEFIK_CLASS in name.casefold() or (name and name in own):
        return unread or _unserved_class(name, own, INGRESS)
    if name or unread is None:
        return None
    if any(key.startswith(ANNOTATIONS) for key in annotations):
        return unread
    if ingress.status.load_balancer.ingress:
        return None
    message = f"It names no class, and no controller has given it an address. {unread.message}"
    return replace(unread, message=message, verdict=Verdict.UNKNOWN)


def _unread(route: Object, snapshot: Snapshot) -> Defect | None:
    """A route that the providers of some Traefiks leave out, and that none of the others reads."""
    known = configs(snapshot)
    if not any(scope_of(route, config).why_unread(route) for config in known):
        return None
    reasons = dict.fromkeys(why_unread(route, config) for config in known)
    return Defect(NOT_READ, sentences(*list(reasons)[:MOST_REASONS]))


def _may_be_read(route: Object, snapshot: Snapshot) -> bool:
    return bool(reading(route, snapshot)) or read_elsewhere(route, snapshot)


def _traefiks_known(snapshot: Snapshot) -> bool:
    """Whether the settings of every Traefik are known: none is unseen, or has them in a file."""
    known = configs(snapshot)
    complete = bool(known) and all(config.static.complete for config in known)
    return complete and snapshot.live and snapshot.namespaces is None


def _unserved_class(name: str, own: Iterable[str], provider: str) -> Defect:
    names = " or ".join(dict.fromkeys(word or "none" for word in own))
    shown = f"Its ingress class is {name[:60]}" if name else "It has no ingress class"
    message = (
        f"{shown}, and Traefik's arguments name {names} (providers.{provider}.ingressclass), so no "
        "Traefik serves it. Correct its class."
    )
    return Defect(CLASS_NOT_SERVED, message)


def existing(snapshot: Snapshot, kind: type[Object], namespace: str, name: str) -> Defect | None:
    """The defect of a reference to one of Traefik's objects that is not there or not read.

    The name may name its provider.
    """
    return _traefik(snapshot, kind, namespace, name)


def resolved(snapshot: Snapshot, kind: type[T], namespace: str, name: str) -> T | None:
    """One of Traefik's objects by its name, which may name its provider.

    There a dash joins namespace and name, which either may contain: all are tried.
    """
    if not name.endswith(KUBERNETES_CRD):
        return snapshot.get(kind, namespace, name)
    joined = name.removesuffix(KUBERNETES_CRD)
    by_joined = snapshot.once(
        f"routing.by_joined.{kind.__name__}",
        lambda: {_joined(resource): resource for resource in snapshot.of(kind)},
    )
    return by_joined.get(joined)


def worst(defects: Sequence[Defect]) -> Defect:
    """The defect that weighs most; there is at least one."""
    return max(defects, key=lambda defect: defect.verdict.rank)


def caused_by(ref: Ref, defects: Sequence[Defect]) -> Defect | None:
    """What the defects of an object mean for what uses it, None where it has none."""
    return through(ref, defects) if defects else None


def through(ref: Ref, defects: Sequence[Defect], prefix: str = "") -> Defect:
    """The worst defect of an object, whose finding is the cause; it has one at least."""
    defect = worst(defects)
    return replace(defect, message=f"{prefix}{ref}: {defect.message}", follows=(ref,))


def entry_points(
    route: Object, names: Sequence[str], provider: Provider, snapshot: Snapshot
) -> tuple[Defect, ...]:
    """The defect of entrypoints that no Traefik defines which reads the route."""
    defined = {name for config in provider.configs for name in config.static.entry_points}
    missing = [name for name in names if name.casefold() not in defined]
    if not (missing and defined and provider.known) or read_elsewhere(route, snapshot):
        return ()
    verdict = Verdict.FAILED if len(missing) == len(names) else Verdict.DEGRADED
    message = f"Traefik has no entrypoint {', '.join(missing)}."
    return (Defect("EntryPointNotFound", message, verdict),)


def absent(snapshot: Snapshot, kind: type[Object], namespace: str, name: str) -> Defect | None:
    """What the absence of an object means: missing, not seen, or (in a saved file) nothing."""
    if snapshot.sees(kind, namespace):
        message = f"{kind.__name__} {namespace}/{name} does not exist."
        return Defect(f"{kind.__name__}NotFound", message)
    elsewhere = snapshot.namespaces is not None and namespace not in snapshot.namespaces
    if not snapshot.live or elsewhere:
        return None
    return _unobserved(f"{kind.__name__} {namespace}/{name}")


def _unobserved(reference: str) -> Defect:
    message = f"{reference}: objects of this kind were not seen."
    return Defect("ReferenceNotSeen", message, Verdict.UNKNOWN)


def _traefik(snapshot: Snapshot, kind: type[Object], namespace: str, name: str) -> Defect | None:
    if resource := resolved(snapshot, kind, namespace, name):
        if (resource.namespace, resource.name) in _read(snapshot, kind):
            return _unreadable(resource)
        return Defect(f"{kind.__name__}NotFound", f"{resource.ref}: {_why(resource, snapshot)}")
    if name.endswith(KUBERNETES_CRD):
        return _by_provider(snapshot, kind, name)
    return None if ELSEWHERE.fullmatch(name) else absent(snapshot, kind, namespace, name)


def _unreadable(resource: Object) -> Defect | None:
    """What Traefik makes of an object that is not as its kind is, nobody here knows."""
    if not resource.malformed:
        return None
    message = f"{resource.ref}: part of it could not be read: {resource.malformed[0]}"
    return Defect("Malformed", message, Verdict.UNKNOWN, follows=(resource.ref,))


def _read(snapshot: Snapshot, kind: type[Object]) -> frozenset[tuple[str, str]]:
    """Namespace and name of the objects of a kind that some running Traefik reads."""
    return snapshot.once(
        f"routing.read.{kind.__name__}",
        lambda: frozenset(
            (resource.namespace, resource.name)
            for resource in snapshot.of(kind)
            if not _why(resource, snapshot)
        ),
    )


def _why(resource: Object, snapshot: Snapshot) -> str:
    """Why no running Traefik reads an object of its own kinds; empty if one does."""
    known = configs(snapshot)
    if defect := api_group(resource.api_version, Provider(known)):
        return defect.message
    reasons = [config.static.routes.why_unread(resource) for config in known]
    if not all(reasons) or not _traefiks_known(snapshot):
        return ""
    return f"Traefik does not read it: {reasons[0]}."


def _by_provider(snapshot: Snapshot, kind: type[Object], name: str) -> Defect | None:
    """A name that joins namespace and name by a dash, and that fits no object."""
    if not snapshot.live or snapshot.namespaces is not None:
        return None
    if snapshot.sees(kind):
        return Defect(f"{kind.__name__}NotFound", f"No {kind.__name__} is called {name}.")
    return _unobserved(f"{kind.__name__} {name}")


def _joined(resource: Object) -> str:
    """How Traefik names an object of its provider: every other character becomes a dash."""
    return "-".join(re.findall(r"[^\W_]+", f"{resource.namespace}-{resource.name}"))


def _has_port(service: core.Service, port: int | str | None, provider: Provider) -> bool:
    """Whether a Service has the port; of an ExternalName, only an Ingress needs it to."""
    ports = service.spec.ports or ()
    any_number = not (provider.of_ingresses and provider.configs) and not isinstance(port, str)
    if service.spec.type == "ExternalName" and any_number:
        return bool(port or ports)
    wanted_port = None if port in (None, "", 0) else port
    return wanted_port is not None and any(wanted_port in (port.port, port.name) for port in ports)


def _in_place_of_another(service: core.Service, snapshot: Snapshot) -> Defect | None:
    """An ExternalName that leads back into this cluster: to nothing, or to its own neighbour.

    One that leads to another namespace may be needed (an Ingress reaches no other), and is not
    judged.
    """
    external = service.spec.external_name if service.spec.type == "ExternalName" else ""
    target = named_service(external) if snapshot.live and external else None
    if target is None:
        return None
    what = f"Service {service.namespace}/{service.name} is an ExternalName of {target}"
    other = snapshot.get(core.Service, target.namespace, target.name)
    if other is None:
        if not snapshot.sees(core.Service, target.namespace):
            return None
        return Defect("ServiceNotFound", f"{what}, which does not exist.")
    if target.namespace != service.namespace or other.spec.type == "ExternalName":
        return None
    instead = "in the same namespace: the route can name it, with nativeLB where the VIP is wanted."
    return Defect("DuplicateService", f"{what}, {instead}", Verdict.DEGRADED)


def _unserved(
    service: core.Service,
    port: int | str | None,
    provider: Provider,
    snapshot: Snapshot,
    *,
    native: bool | None,
) -> Defect | None:
    """A Service that exists but answers nothing at this port: its own finding is the cause."""
    if service.spec.type == "ExternalName":
        return None
    state = serving.behind(service, snapshot)
    if state is None:
        return None
    what = f"Service {service.namespace}/{service.name}"
    # Of a NodePort, a route may take the nodes instead of the endpoints.
    by_endpoints = service.spec.type != "NodePort" and not provider.is_native(native=native)
    drops = by_endpoints and provider.drops_empty()
    if not (state.ready or (state.draining and provider.uses_terminating())):
        if why := selected_workloads.scaled_to_zero(service, state, snapshot):
            message = f"{what} runs no pod: {why}. Nothing answers its requests until that changes."
            return Defect(SCALED_TO_ZERO, message, Verdict.SUSPENDED, (service.ref,), drops)
        by_hand = "" if service.spec.selector else " It has no selector: somebody has to write one."
        message = f"{what} has no ready endpoint.{by_hand}"
        verdict = serving.without_ready(service, state, snapshot)
        return Defect(NO_ENDPOINTS, message, verdict, (service.ref,), drops)
    wanted = next(p for p in service.spec.ports or () if port in (p.port, p.name))
    if why := serving.names_differ(wanted, state):
        return Defect(NO_ENDPOINTS, f"{what}: {why}.", follows=(service.ref,), drops_rule=drops)
    return None
