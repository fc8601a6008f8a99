"""Whether the cluster answers, what it serves, and what the bot may read there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bot.doctor.domain.diagnostic import Area, Diagnostic, Topic
from bot.doctor.domain.facts import ClusterFacts, Right, Served, Setup
from bot.domain.check import Check
from bot.domain.facts import Denied
from bot.domain.outage import RENEW_CERTIFICATES
from bot.domain.refusal import NotObserved
from bot.domain.resources.core import SecretName
from bot.domain.resources.registry import KIND_OF, KINDS, Kind
from bot.domain.sentences import listed

CREDENTIALS = "Renew the kubeconfig, or the token of the service account meshmedic."
REACH = "Check the kubeconfig's server, the firewall, and whether k3s runs on that node."
STRICT = "Python 3.13 and later refuse the API server's certificate"
IN_THE_IMAGE = (
    "This Python accepts it, but the one in the image does not: its pod never becomes Ready."
)
BASE = "deploy/base"
INVENTORY = "deploy/components/secret-inventory"
NOT_ASKED = NotObserved("The API server was not asked.")
STORIES = (Right("list", "", "events"), Right("get", "", "pods/log"))
"""The rights that `/why` needs for the story of a finding."""

FAMILIES = {
    "Traefik": ("traefik.io", "traefik.containo.us"),
    "Gateway API": ("gateway.networking.k8s.io",),
    "Flux": (
        "source.toolkit.fluxcd.io",
        "kustomize.toolkit.fluxcd.io",
        "helm.toolkit.fluxcd.io",
    ),
    "cert-manager": ("cert-manager.io", "acme.cert-manager.io"),
    "External Secrets": ("external-secrets.io",),
    "Kubernetes": (
        "apps",
        "autoscaling",
        "batch",
        "discovery.k8s.io",
        "networking.k8s.io",
        "storage.k8s.io",
    ),
}
"""API groups by project. A test compares them with `KINDS`."""


def server(facts: ClusterFacts) -> Diagnostic:
    """Whether the API server answers."""
    topic = Topic(Area.CLUSTER, "API server")
    match facts.version:
        case NotObserved() if facts.strict_fault:
            return topic.failed(f"{STRICT}: {facts.strict_fault}.", RENEW_CERTIFICATES)
        case str(version) if facts.strict_fault:
            observation = f"{version} at {facts.host}. {STRICT}: {facts.strict_fault}."
            return topic.warning(f"{observation} {IN_THE_IMAGE}", RENEW_CERTIFICATES)
        case Denied(why):
            return topic.failed(why, CREDENTIALS)
        case NotObserved(why):
            return topic.unobserved(why, REACH if facts.host else "")
        case version:
            account = f", as {facts.user}" if facts.user else ""
            return topic.ok(f"{version} at {facts.host}{account}.")


def wanted(checks: Iterable[Check], setup: Setup) -> tuple[Right, ...]:
    """Every permission to ask the API server about, each once."""
    rights = [right for check in checks for right in _of_check(check, setup)]
    return tuple(
        dict.fromkeys(
            right._replace(namespace=namespace)
            for right in (*rights, *STORIES)
            for namespace in ("", *setup.namespaces)
        )
    )


def access(facts: ClusterFacts, checks: Iterable[Check], setup: Setup) -> Iterator[Diagnostic]:
    """One diagnostic for each check that reads objects: may the bot list and watch all of them?"""
    for check in (check for check in checks if check.reads):
        topic = Topic(Area.ACCESS, check.name)
        rights = [right for right in _of_check(check, setup) if _served(facts, right)]
        if SecretName in check.judges and not setup.secret_inventory:
            yield topic.note("Secrets are not listed: `MESHMEDIC_SECRET_INVENTORY` is off.")
        elif rights:
            yield _may(topic, rights, facts, setup)
        else:
            yield topic.note("What it reads is not installed.")
    yield _may(Topic(Area.ACCESS, "why"), STORIES, facts, setup)


def kinds(facts: ClusterFacts) -> Iterator[Diagnostic]:
    """One diagnostic for each family of kinds: is it installed, in versions that we know?"""
    for family, groups in FAMILIES.items():
        topic = Topic(Area.KINDS, family)
        if isinstance(facts.served, NotObserved | Denied):
            yield topic.unobserved(facts.served.why)
        else:
            family_kinds = [kind for kind in KINDS if set(kind.groups) & set(groups)]
            yield _family(topic, family_kinds, facts.served)


def serves(facts: ClusterFacts, family: str) -> bool:
    """Whether a kind of that family is installed, as far as we know."""
    return not isinstance(facts.served, NotObserved | Denied) and any(
        group in FAMILIES[family] for group, _ in facts.served
    )


def _family(topic: Topic, family: list[Kind], served: Served) -> Diagnostic:
    versions = {
        kind: tuple(
            dict.fromkeys(v for group in kind.groups for v in served.get((group, kind.plural), ()))
        )
        for kind in family
    }
    installed = {kind: names for kind, names in versions.items() if names}
    if not installed:
        return topic.note("Not installed.")
    strange = {
        f"{kind.name} as {listed(names)}"
        for kind, names in installed.items()
        if not set(names) & set(kind.versions)
    }
    if strange:
        return topic.warning(
            f"Served in no version that meshmedic knows: {listed(sorted(strange))}.",
            "Use a newer meshmedic, or report it: fields may be read wrongly.",
        )
    by_versions: dict[str, list[str]] = {}
    for kind, names in installed.items():
        by_versions.setdefault(", ".join(names), []).append(kind.name)
    observation = "; ".join(f"{', '.join(names)} ({title})" for title, names in by_versions.items())
    missing = [kind.name for kind in family if kind not in installed]
    observation += f"; not installed: {listed(missing)}" if missing else ""
    return topic.ok(f"{observation}.")


def _of_check(check: Check, setup: Setup) -> Iterator[Right]:
    for type_ in check.reads:
        if type_ is not SecretName or setup.secret_inventory:
            kind = KIND_OF[type_]
            for group in kind.groups:
                yield Right("list", group, kind.plural)
                yield Right("watch", group, kind.plural)


def _served(facts: ClusterFacts, right: Right) -> bool:
    """What is not installed needs no permission; without discovery everything is checked."""
    if not right.group or isinstance(facts.served, NotObserved | Denied):
        return True
    return (right.group, right.resource) in facts.served


def _may(topic: Topic, rights: Iterable[Right], facts: ClusterFacts, setup: Setup) -> Diagnostic:
    answers = {right: _allowed(right, facts, setup) for right in rights}
    place = f" in {listed(setup.namespaces)}" if setup.namespaces else ""
    return permitted(topic, answers, place, "It may read everything it needs.")


def answered(facts: ClusterFacts, rights: Iterable[Right]) -> Mapping[Right, bool | NotObserved]:
    """Whether each right is granted, or why nobody knows."""
    lost = facts.version if isinstance(facts.version, NotObserved) else NOT_ASKED
    return {right: facts.rights.get(right, lost) for right in rights}


def permitted(
    topic: Topic,
    answers: Mapping[Right, bool | NotObserved],
    place: str,
    granted: str,
    component: str = BASE,
) -> Diagnostic:
    """Whether all these rights are granted; `granted` is the observation if so.

    component: What grants them, other than the names of Secrets.
    """
    if refused := [right for right, answer in answers.items() if answer is False]:
        if any(right.resource == "secrets" for right in refused):
            component = f"the component {INVENTORY}"
        fix = f"Apply {component} again: it grants this to the service account meshmedic."
        return topic.failed(f"May not {joined(refused)}{place}.", fix)
    for answer in answers.values():
        if isinstance(answer, NotObserved):
            return topic.unobserved(answer.why)
    return topic.ok(granted)


def _allowed(right: Right, facts: ClusterFacts, setup: Setup) -> bool | NotObserved:
    """Whether a right is granted in the whole cluster, or in every namespace of the settings."""
    missing = facts.version if isinstance(facts.version, NotObserved) else NOT_ASKED
    everywhere = facts.rights.get(right, missing)
    namespaced = all(kind.namespaced for kind in KINDS if kind.plural == right.resource)
    if everywhere is True or not setup.namespaces or not namespaced:
        return everywhere
    answers = [
        facts.rights.get(right._replace(namespace=namespace), missing)
        for namespace in setup.namespaces
    ]
    if False in answers:
        return False
    return next((answer for answer in answers if isinstance(answer, NotObserved)), True)


def joined(rights: list[Right]) -> str:
    """The rights in words: `list and watch pods, nodes; get pods/log`."""
    verbs: dict[str, list[str]] = {}
    for right in dict.fromkeys(right._replace(name="") for right in rights):
        title = f"{right.resource}.{right.group}" if right.group else right.resource
        verbs.setdefault(title, []).append(right.verb)
    titles: dict[str, list[str]] = {}
    for title, names in verbs.items():
        titles.setdefault(" and ".join(names), []).append(title)
    return "; ".join(f"{verb} {listed(title, 8)}" for verb, title in titles.items())
