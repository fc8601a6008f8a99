"""Whether the cluster answers, what it serves, and what the bot may read there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.doctor.domain.examination import Area, Examination, Outcome, listed
from bot.doctor.domain.facts import ClusterFacts, Right, Setup
from bot.domain.check import Check
from bot.domain.facts import Denied
from bot.domain.refusal import NotObserved
from bot.domain.resources.core import SecretName
from bot.domain.resources.registry import KIND_OF, KINDS, Kind

CREDENTIALS = "Renew the kubeconfig, or the token of the service account meshmedic."
REACH = "Look at the kubeconfig's server, the firewall, and whether k3s runs on that node."
BASE = "deploy/base"
INVENTORY = "deploy/components/secret-inventory"
NOT_ASKED = NotObserved("The API server was not asked.")
STORIES = (Right("list", "", "events"), Right("get", "", "pods/log"))
"""What `/why` reads about one finding."""

FAMILIES = {
    "Traefik": ("traefik.io", "traefik.containo.us"),
    "Flux": (
        "source.toolkit.fluxcd.io",
        "kustomize.toolkit.fluxcd.io",
        "helm.toolkit.fluxcd.io",
    ),
    "cert-manager": ("cert-manager.io", "acme.cert-manager.io"),
    "External Secrets": ("external-secrets.io",),
    "Kubernetes": ("discovery.k8s.io", "networking.k8s.io"),
}
"""Whose kinds they are, by API group. A test holds it against `KINDS`."""


def server(facts: ClusterFacts) -> Examination:
    """Whether the API server answers."""
    area, name = Area.CLUSTER, "API server"
    match facts.version:
        case Denied(why):
            return Examination(area, name, Outcome.FAILED, why, CREDENTIALS)
        case NotObserved(why):
            return Examination(area, name, Outcome.UNSEEN, why, REACH if facts.host else "")
        case version:
            whose = f", as {facts.user}" if facts.user else ""
            return Examination(area, name, Outcome.OK, f"{version} at {facts.host}{whose}.")


def wanted(checks: Iterable[Check], setup: Setup) -> tuple[Right, ...]:
    """Every permission that must be asked about, each of it once."""
    rights = [right for check in checks for right in _of_check(check, setup)]
    places = ("", *setup.namespaces)
    return tuple(
        dict.fromkeys(
            right._replace(namespace=place) for right in (*rights, *STORIES) for place in places
        )
    )


def access(facts: ClusterFacts, checks: Iterable[Check], setup: Setup) -> Iterator[Examination]:
    """One examination a check: may the bot list and watch all that it reads."""
    for check in checks:
        if SecretName in check.judges and not setup.secret_inventory:
            saw = "Secrets are not listed: MESHMEDIC_SECRET_INVENTORY is off."
            yield Examination(Area.ACCESS, check.name, Outcome.NOTE, saw)
            continue
        rights = [right for right in _of_check(check, setup) if _served(facts, right.group, right)]
        yield _may(check.name, rights, facts, setup)
    yield _may("why", list(STORIES), facts, setup)


def kinds(facts: ClusterFacts) -> Iterator[Examination]:
    """One examination a family of kinds: installed, and in versions that we know."""
    for family, groups in FAMILIES.items():
        match facts.served:
            case NotObserved(why) | Denied(why):
                yield Examination(Area.KINDS, family, Outcome.UNSEEN, why)
            case _:
                ours = [kind for kind in KINDS if set(kind.groups) & set(groups)]
                yield _family(family, ours, facts)


def serves(facts: ClusterFacts, family: str) -> bool:
    """Whether some kind of that family is known to be installed."""
    return not isinstance(facts.served, NotObserved | Denied) and any(
        group in FAMILIES[family] for group, _ in facts.served
    )


def _family(family: str, ours: list[Kind], facts: ClusterFacts) -> Examination:
    versions = {kind: _versions(facts, kind) for kind in ours}
    found = {kind: served for kind, served in versions.items() if served}
    if not found:
        return Examination(Area.KINDS, family, Outcome.NOTE, "Not installed.")
    strange = {
        f"{kind.name} as {listed(served)}"
        for kind, served in found.items()
        if not set(served) & set(kind.versions)
    }
    if strange:
        saw = f"Served in no version that meshmedic knows: {listed(sorted(strange))}."
        fix = "Use a newer meshmedic, or tell its makers: fields may be read wrongly."
        return Examination(Area.KINDS, family, Outcome.WARNING, saw, fix)
    told: dict[str, list[str]] = {}
    for kind, served in found.items():
        told.setdefault(", ".join(served), []).append(kind.name)
    saw = "; ".join(f"{', '.join(names)} ({answer})" for answer, names in told.items())
    missing = [kind.name for kind in ours if kind not in found]
    saw += f"; not installed: {listed(missing)}" if missing else ""
    return Examination(Area.KINDS, family, Outcome.OK, f"{saw}.")


def _versions(facts: ClusterFacts, kind: Kind) -> tuple[str, ...]:
    if isinstance(facts.served, NotObserved | Denied):
        return ()
    served = facts.served
    return tuple(
        dict.fromkeys(v for group in kind.groups for v in served.get((group, kind.plural), ()))
    )


def _of_check(check: Check, setup: Setup) -> Iterator[Right]:
    for type_ in check.reads:
        if type_ is SecretName and not setup.secret_inventory:
            continue
        kind = KIND_OF[type_]
        for group in kind.groups:
            for verb in ("list", "watch"):
                yield Right(verb, group, kind.plural)


def _served(facts: ClusterFacts, group: str, right: Right) -> bool:
    """What is not installed needs no permission; without discovery everything is asked for."""
    if not group or isinstance(facts.served, NotObserved | Denied):
        return True
    return (group, right.resource) in facts.served


def _may(name: str, rights: list[Right], facts: ClusterFacts, setup: Setup) -> Examination:
    answers = {right: _allowed(right, facts, setup) for right in rights}
    if not answers:
        return Examination(Area.ACCESS, name, Outcome.NOTE, "What it reads is not installed.")
    refused = [right for right, answer in answers.items() if answer is False]
    lost = [(right, answer) for right, answer in answers.items() if isinstance(answer, NotObserved)]
    if refused:
        places = "" if not setup.namespaces else f" in {listed(setup.namespaces)}"
        saw = f"May not {joined(refused)}{places}."
        return Examination(Area.ACCESS, name, Outcome.FAILED, saw, _grant(refused))
    if lost:
        why = lost[0][1].why
        return Examination(Area.ACCESS, name, Outcome.UNSEEN, why)
    return Examination(Area.ACCESS, name, Outcome.OK, "May read all that it needs.")


def _allowed(right: Right, facts: ClusterFacts, setup: Setup) -> bool | NotObserved:
    """In the whole cluster, else in each of the namespaces that the settings name."""
    missing = facts.version if isinstance(facts.version, NotObserved) else NOT_ASKED
    everywhere = facts.rights.get(right, missing)
    if everywhere is True or not setup.namespaces or not _namespaced(right):
        return everywhere
    places = [
        facts.rights.get(right._replace(namespace=namespace), missing)
        for namespace in setup.namespaces
    ]
    if False in places:
        return False
    return next((place for place in places if isinstance(place, NotObserved)), True)


def _namespaced(right: Right) -> bool:
    return all(kind.namespaced for kind in KINDS if kind.plural == right.resource)


def joined(rights: list[Right]) -> str:
    """The rights in words: `list and watch pods, nodes; get pods/log`."""
    verbs: dict[str, list[str]] = {}
    for right in rights:
        title = f"{right.resource}.{right.group}" if right.group else right.resource
        verbs.setdefault(title, []).append(right.verb)
    titles: dict[str, list[str]] = {}
    for title, names in verbs.items():
        titles.setdefault(" and ".join(names), []).append(title)
    return "; ".join(f"{verb} {listed(title, 8)}" for verb, title in titles.items())


def _grant(refused: list[Right]) -> str:
    secret = any(right.resource == "secrets" for right in refused)
    component = f"the component {INVENTORY}" if secret else BASE
    return f"Apply {component} again: it grants this to the service account meshmedic."
