"""The Secrets that routes name: whether they exist, as far as that shows without reading one.

Only where all Secrets are listed by name is the absence of one evidence. Else what writes it tells:
its Certificate, its ExternalSecret, or the Kustomization that applied it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.domain.conditions import condition
from bot.domain.finding import Judgement
from bot.domain.resources import cert_manager, core, external_secrets, flux
from bot.domain.resources.registry import KIND_OF
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.routing.references import Defect

Place = tuple[str, str]
"""Namespace and name of a Secret."""

WRITERS = (
    core.SecretName,
    cert_manager.Certificate,
    external_secrets.ExternalSecret,
    flux.Kustomization,
)
"""The kinds that tell whether a Secret exists."""

SHOWN = 5


def is_missing(snapshot: Snapshot, namespace: str, name: str) -> bool:
    """Whether a Secret does not exist for certain."""
    return _lists(snapshot, namespace) and snapshot.get(core.SecretName, namespace, name) is None


def of_tls(snapshot: Snapshot, namespace: str, name: str) -> Defect | None:
    """The defect of a TLS secret, by its absence or by its Certificate. Never by its data."""
    certificate = _certificates(snapshot).get((namespace, name))
    cause = (certificate.ref,) if certificate else ()
    if is_missing(snapshot, namespace, name):
        message = f"Secret {namespace}/{name} does not exist: the default certificate is used."
        return Defect("SecretNotFound", message, Verdict.DEGRADED, cause)
    ends = certificate.status.not_after if certificate else None
    if certificate and ends and ends <= snapshot.taken_at:
        message = f"{certificate.ref} expired at {ends:%Y-%m-%d %H:%M} UTC."
        return Defect("CertificateExpired", message, Verdict.DEGRADED, cause)
    return unwritten(snapshot, namespace, name)


def unwritten(snapshot: Snapshot, namespace: str, name: str) -> Defect | None:
    """A Secret that nobody listed, and of which the object that should write it says why not."""
    if _lists(snapshot, namespace) or snapshot.get(core.SecretName, namespace, name):
        return None
    certificate = _certificates(snapshot).get((namespace, name))
    ready = condition(certificate.status.conditions, "Ready") if certificate else None
    if certificate and ready and ready.status != "True":
        message = f"{certificate.ref} is not ready: {ready.message or ready.reason}"
        return Defect("CertificateNotReady", message, Verdict.DEGRADED, (certificate.ref,))
    external = _external(snapshot).get((namespace, name))
    ready = condition(external.status.conditions, "Ready") if external else None
    if external and ready and ready.status == "False" and external.status.refresh_time is None:
        message = (
            f"{external.ref} has never written Secret {namespace}/{name}: "
            f"{ready.message or ready.reason}"
        )
        return Defect("SecretNotWritten", message, Verdict.DEGRADED, (external.ref,))
    return None


def naming_unseen(judgement: Judgement, named: Iterable[Place], snapshot: Snapshot) -> Judgement:
    """A healthy object's words name the Secrets that nothing shows to exist.

    `judge` and a route's own page say them. A report does not: that Secrets are not listed is one
    gap there, and no remark on each route.
    """
    if judgement.verdict is not Verdict.HEALTHY or judgement.noted:
        return judgement
    unproven = sorted({place for place in named if not _is_known(snapshot, *place)})
    if not unproven:
        return judgement
    names = ", ".join(f"{namespace}/{name}" for namespace, name in unproven[:SHOWN])
    more = f" and {len(unproven) - SHOWN} more" if len(unproven) > SHOWN else ""
    message = (
        f"It needs Secret {names}{more}. Secrets were not looked at, so nobody knows whether it "
        "exists."
    )
    return Judgement(Verdict.HEALTHY, "SecretNotSeen", message)


def _is_known(snapshot: Snapshot, namespace: str, name: str) -> bool:
    """Whether a Secret exists or does not: by a list of all, or by what wrote it."""
    place = (namespace, name)
    if _lists(snapshot, namespace) or snapshot.get(core.SecretName, *place):
        return True
    written = place in _certificates(snapshot) or place in _external(snapshot)
    applied = f"{namespace}_{name}__Secret" in _applied(snapshot)
    return applied or (written and unwritten(snapshot, *place) is None)


def _lists(snapshot: Snapshot, namespace: str) -> bool:
    """Whether all Secrets of a namespace are listed by name."""
    listed = KIND_OF.get(core.SecretName)
    return snapshot.sees(core.SecretName, namespace) and not (listed and listed.selector)


def _certificates(snapshot: Snapshot) -> Mapping[Place, cert_manager.Certificate]:
    return snapshot.once(
        "routing.certificates",
        lambda: {
            (certificate.namespace, certificate.spec.secret_name): certificate
            for certificate in snapshot.of(cert_manager.Certificate)
        },
    )


def _external(snapshot: Snapshot) -> Mapping[Place, external_secrets.ExternalSecret]:
    return snapshot.once(
        "routing.external_secrets",
        lambda: {
            (secret.namespace, secret.spec.target.name or secret.name): secret
            for secret in snapshot.of(external_secrets.ExternalSecret)
        },
    )


def _applied(snapshot: Snapshot) -> frozenset[str]:
    """What Kustomizations have applied, as their inventories write it."""
    return snapshot.once(
        "routing.applied",
        lambda: frozenset(
            entry.id
            for kustomization in snapshot.of(flux.Kustomization)
            if kustomization.status.inventory
            for entry in kustomization.status.inventory.entries or ()
        ),
    )
