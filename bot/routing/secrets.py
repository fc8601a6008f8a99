"""The Secrets that routes name: whether they exist, as far as that shows without reading one.

Only where all Secrets are listed by name is the absence of one proven. Else what writes it tells
(its Certificate, its ExternalSecret, or the Kustomization that applied it), and Traefik's log tells
what it did not find.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.domain.conditions import condition
from bot.domain.resources import cert_manager, core, external_secrets, flux
from bot.domain.resources.registry import KIND_OF
from bot.domain.sentences import moment
from bot.domain.snapshot import Snapshot
from bot.domain.verdict import Verdict
from bot.routing.references import Defect
from bot.routing.traefik_word import KEPT, MISSED_BY_TRAEFIK, RECENT, TRAEFIK_WORD, TraefikWord

Place = tuple[str, str]
"""Namespace and name of a Secret."""

WRITERS = (
    core.SecretName,
    cert_manager.Certificate,
    external_secrets.ExternalSecret,
    flux.Kustomization,
)
"""The kinds that tell whether a Secret exists."""


def is_missing(snapshot: Snapshot, namespace: str, name: str) -> bool:
    """Whether a Secret does not exist for certain."""
    return _lists(snapshot, namespace) and snapshot.get(core.SecretName, namespace, name) is None


def of_tls(snapshot: Snapshot, namespace: str, name: str) -> Defect | None:
    """The defect of a TLS secret, by its absence or by its Certificate. Never by its data."""
    certificate = certificate_of(snapshot, namespace, name)
    cause = (certificate.ref,) if certificate else ()
    if is_missing(snapshot, namespace, name):
        message = f"Secret {namespace}/{name} does not exist: the default certificate is used."
        return Defect("SecretNotFound", message, Verdict.DEGRADED, cause)
    ends = certificate.status.not_after if certificate else None
    if certificate and ends and ends <= snapshot.taken_at:
        message = f"{certificate.ref} expired at {moment(ends)}."
        return Defect("CertificateExpired", message, Verdict.DEGRADED, cause)
    return unwritten(snapshot, namespace, name)


def unwritten(
    snapshot: Snapshot, namespace: str, name: str, without: Verdict = Verdict.DEGRADED
) -> Defect | None:
    """A Secret that nobody listed, and that its writer did not write or Traefik did not find.

    `without` is what its absence means, where Traefik saw it.
    """
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
    return _missed(snapshot, (namespace, name), without)


def _missed(snapshot: Snapshot, place: Place, without: Verdict) -> Defect | None:
    """What Traefik did not find, unless it was written since; a while later that is not known."""
    word = snapshot.supplement(TraefikWord)
    at = word.missing.get(place) if word else None
    if at is None or _was_written(snapshot, place, at) or snapshot.taken_at - at > KEPT:
        return None
    message = f"Traefik found no Secret {'/'.join(place)} at {moment(at)}, by its log."
    if snapshot.taken_at - at <= RECENT:
        return Defect(MISSED_BY_TRAEFIK, message, without, fact=TRAEFIK_WORD)
    message += " Whether it came since is not known."
    return Defect(MISSED_BY_TRAEFIK, message, Verdict.UNKNOWN, fact=TRAEFIK_WORD)


def _was_written(snapshot: Snapshot, place: Place, since: datetime) -> bool:
    """Whether what writes a Secret did so since, or puts it back by itself."""
    certificate, external = _certificates(snapshot).get(place), _external(snapshot).get(place)
    ready = condition(certificate.status.conditions, "Ready") if certificate else None
    issued = ready.last_transition_time if ready and ready.status == "True" else None
    refreshed = external.status.refresh_time if external else None
    return _is_applied(snapshot, place) or any(at >= since for at in (issued, refreshed) if at)


def is_known(snapshot: Snapshot, namespace: str, name: str) -> bool:
    """Whether a Secret exists or does not: by a list of all, or by what wrote it."""
    place = (namespace, name)
    if _lists(snapshot, namespace) or snapshot.get(core.SecretName, *place):
        return True
    written = place in _certificates(snapshot) or place in _external(snapshot)
    return _is_applied(snapshot, place) or (written and unwritten(snapshot, *place) is None)


def certificate_of(
    snapshot: Snapshot, namespace: str, name: str
) -> cert_manager.Certificate | None:
    """The Certificate that writes a TLS secret, if there is one."""
    return _certificates(snapshot).get((namespace, name))


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


def _is_applied(snapshot: Snapshot, place: Place) -> bool:
    return f"{'_'.join(place)}__Secret" in _applied(snapshot)


def _applied(snapshot: Snapshot) -> frozenset[str]:
    """What Kustomizations keep applied, as their inventories write it.

    One that is suspended or fails puts nothing back.
    """
    return snapshot.once(
        "routing.applied",
        lambda: frozenset(
            entry.id
            for kustomization in snapshot.of(flux.Kustomization)
            if kustomization.status.inventory and _keeps(kustomization)
            for entry in kustomization.status.inventory.entries or ()
        ),
    )


def _keeps(kustomization: flux.Kustomization) -> bool:
    ready = condition(kustomization.status.conditions, "Ready")
    return not kustomization.spec.suspend and not (ready and ready.status == "False")
