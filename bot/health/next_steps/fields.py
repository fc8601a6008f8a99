"""The words of one finding that a next step may use: names, and the number that matters.

Text from a cluster is hostile. What stands in a command has the form of a name, an image or a
quantity, of which a shell takes no part for anything else; what has not is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.domain.containers import MEMORY_LIMIT
from bot.domain.finding import Finding
from bot.domain.redaction.redact import redact
from bot.domain.resources.flux import HELM_RELEASE, INSTALLED_IN

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._:-]{0,251}[A-Za-z0-9])?")
"""What Kubernetes allows as a name: objects, containers, nodes; RBAC's objects have colons."""

IMAGE = re.compile(r"[a-z0-9](?:[\w.:/@-]{0,250}\w)?", re.ASCII | re.IGNORECASE)

QUANTITY = re.compile(r"\d{1,20}(?:\.\d{1,9})?(?:[EPTGMK]i?|[mk]|e\d{1,2})?")
"""An amount as Kubernetes writes it, such as `512Mi`."""

SOURCES = {
    "GitRepository": "git",
    "OCIRepository": "oci",
    "HelmRepository": "helm",
    "HelmChart": "chart",
    "Bucket": "bucket",
}
"""Flux's kinds of sources, as its command line calls them."""

MAX_TEXT = 4000
"""How much of a message is searched."""

NAMED = re.compile(
    r"(?i:(?P<kind>\b(?:secret|configmap|persistentvolumeclaim|serviceaccount|storageclass))s?"
    r'(?:\.storage\.k8s\.io)?) ["\'](?P<name>[^"\' ]{1,300})["\']'
)
"""An object that a message names: `secret "app" not found`."""

PULLED = re.compile(r'image "(?P<image>[^" ]{1,260})"')

DEPENDENCY = re.compile(r"dependency '(?P<namespace>[^'/ ]{1,64})/(?P<name>[^'/ ]{1,254})'")

NAMED_OBJECT = re.compile(
    r"\b(?P<kind>[A-Z][A-Za-z]{1,62})(?:/| ')(?P<namespace>[a-z0-9-]{1,63})/"
    r"(?P<name>[a-z0-9][a-z0-9.-]{0,252})"
)
"""An object as Flux names it in a message: `Deployment/apps/web`."""


def of(finding: Finding) -> dict[str, str]:
    """Every field that the finding has a safe value for."""
    fields: dict[str, str] = {}
    for key, value, form in _candidates(finding):
        if key not in fields and form.fullmatch(value):
            fields[key] = value
    return fields


def said(finding: Finding) -> str:
    """What a template's `when` is searched in: the message, and how containers ended."""
    ends = (item.value for item in finding.evidence if item.label.startswith("last termination"))
    return "\n".join((finding.message[:MAX_TEXT], *(end[:200] for end in ends)))


def _candidates(finding: Finding) -> Iterator[tuple[str, str, re.Pattern[str]]]:
    subject = finding.subject
    yield "name", subject.name, NAME
    yield "namespace", subject.namespace, NAME
    yield "kind", subject.kind.lower(), NAME
    yield "source", SOURCES.get(subject.kind, ""), NAME
    for ref in finding.follows:
        yield ref.kind, ref.name, NAME
        yield f"{ref.kind}_namespace", ref.namespace, NAME
    yield from _from_evidence(finding)
    yield from _from_message(finding.message[:MAX_TEXT])


def _from_evidence(finding: Finding) -> Iterator[tuple[str, str, re.Pattern[str]]]:
    for item in finding.evidence:
        if item.label == "container":
            yield "container", item.value, NAME
    if finding.subject.kind == "HelmRelease":
        yield from _of_helm(finding)
    limits = (item for item in finding.evidence if item.label.startswith(MEMORY_LIMIT))
    if killed := next(limits, None):
        yield "killed", killed.label.removeprefix(MEMORY_LIMIT), NAME
        yield "limit", killed.value, QUANTITY


def _of_helm(finding: Finding) -> Iterator[tuple[str, str, re.Pattern[str]]]:
    """How Helm knows the release, and where its command line may roll it back.

    That installs into the namespace in which it finds the release, so it must be the same one.
    """
    subject, said = finding.subject, {item.label: item.value for item in finding.evidence}
    known = said.get(HELM_RELEASE, f"{subject.namespace}/{subject.name}")
    place, _, name = known.partition("/")
    yield "release", name, NAME
    yield "release_namespace", place, NAME
    if INSTALLED_IN not in said:
        yield "rollback_namespace", place, NAME


def _from_message(message: str) -> Iterator[tuple[str, str, re.Pattern[str]]]:
    for named in NAMED.finditer(message):
        yield named["kind"].lower(), named["name"], NAME
    if pulled := PULLED.search(message):
        yield "image", redact(pulled["image"]), IMAGE
    if dependency := DEPENDENCY.search(message):
        yield "dependency", dependency["name"], NAME
        yield "dependency_namespace", dependency["namespace"], NAME
    if awaited := NAMED_OBJECT.search(message):
        yield "awaited_kind", awaited["kind"].lower(), NAME
        yield "awaited_namespace", awaited["namespace"], NAME
        yield "awaited", awaited["name"].rstrip(".-"), NAME
