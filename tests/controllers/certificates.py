"""The situations of cert-manager: issuers, Certificates, and an ACME server that is really asked.

It never fails a request whose issuer does not exist, nor an order that no solver fits: both wait.
So the table also says what is right two hours later.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from bot.domain.finding import Ref
from tests.controllers.expected import (
    DEGRADED,
    FAILED,
    HEALTHY,
    PROGRESSING,
    READY,
    Said,
    Situation,
    Written,
    failing,
)
from tests.controllers.world import World

Plain = dict[str, Any]
PLACE = "tls"
GROUP = "cert-manager.io/v1"
SHORT = "60s"
"""How long a certificate is valid that is to be renewed, or to expire."""

NOBODY = "127.0.0.1:9"
"""Where no server listens: no directory of an ACME server, and no name server."""

AT_ODDS = DEGRADED | FAILED
UNDER_WAY = PROGRESSING | FAILED | DEGRADED


def _issuer(name: str, kind: str = "Issuer", **spec: Any) -> Plain:
    meta = {"name": name} | ({"namespace": PLACE} if kind == "Issuer" else {})
    return {"apiVersion": GROUP, "kind": kind, "metadata": meta, "spec": spec}


def _acme(name: str, world: World, *, server: str = "", solvers: list[Plain]) -> Plain:
    acme = {
        "server": server or world.acme.directory,
        "caBundle": base64.b64encode(world.acme.authority).decode(),
        "email": "home@example.org",
        "privateKeySecretRef": {"name": f"{name}-account"},
        "solvers": solvers,
    }
    return _issuer(name, acme=acme)


def _certificate(name: str, issuer: str, *, kind: str = "Issuer", **spec: Any) -> Plain:
    usual = {
        "secretName": name,
        "dnsNames": [f"{name}.home.test"],
        "issuerRef": {"name": issuer, "kind": kind},
        "privateKey": {"algorithm": "ECDSA", "rotationPolicy": "Always"},
    }
    meta = {"name": name, "namespace": PLACE}
    return {"apiVersion": GROUP, "kind": "Certificate", "metadata": meta, "spec": usual | spec}


def begin(world: World) -> None:
    """Apply the issuers and Certificates."""
    every = {"http01": {"ingress": {"ingressClassName": "traefik"}}}
    other = {**every, "selector": {"dnsZones": ["elsewhere.test"]}}
    world.apply(
        [
            _issuer("self", selfSigned={}),
            _issuer("leaving", selfSigned={}),
            _issuer("cluster-self", "ClusterIssuer", selfSigned={}),
            _issuer("no-ca", ca={"secretName": "gone"}),
            _acme("acme", world, solvers=[every]),
            _acme("acme-by-dns", world, solvers=[{"dns01": {"rfc2136": {"nameserver": NOBODY}}}]),
            _acme("acme-elsewhere", world, solvers=[other]),
            _acme("acme-unreachable", world, server=f"https://{NOBODY}/dir", solvers=[every]),
            _certificate("cert-ok", "self"),
            _certificate("cert-cluster-ok", "cluster-self", kind="ClusterIssuer"),
            _certificate("cert-no-issuer", "nobody"),
            _certificate("cert-no-cluster-issuer", "nobody", kind="ClusterIssuer"),
            _certificate("cert-issuer-not-ready", "no-ca"),
            _certificate("cert-acme-unreachable", "acme-unreachable"),
            _certificate("cert-acme-ok", "acme"),
            _certificate("cert-no-solver", "acme-elsewhere"),
            _certificate("wrong-answer", "acme"),
            _certificate("closed", "acme"),
            _certificate("absent", "acme"),
            _certificate("held", "acme-by-dns"),
            _certificate("shared-a", "self", secretName="shared"),
            _certificate("shared-b", "self", secretName="shared"),
            _certificate("renewed", "self", duration=SHORT, renewBefore="40s"),
            _certificate("expired", "leaving", duration=SHORT, renewBefore="20s"),
        ]
    )


def go_on(world: World) -> None:
    """An issuer leaves before a renewal; a challenge is deleted that cannot be cleaned up."""
    world.until_written(Ref("Certificate", PLACE, "expired"), READY)
    world.real.kubectl("delete", "issuer", "leaving", "-n", PLACE)
    held = Ref("Challenge", PLACE, "held-*")
    world.until(lambda: bool(_meta(world, held).get("finalizers")), "a finalizer of the challenge")
    world.real.kubectl("delete", "certificate", "held", "-n", PLACE)
    world.until(lambda: "deletionTimestamp" in _meta(world, held), "the challenge's deletion")
    renewed = Ref("Certificate", PLACE, "renewed")

    def again() -> bool:
        status = (world.read(renewed) or {}).get("status") or {}
        return int(status.get("revision", 0)) > 1

    world.until(again, "a renewal")

    def over() -> bool:
        status = (world.read(Ref("Certificate", PLACE, "expired")) or {})["status"]
        return datetime.fromisoformat(status["notAfter"]) < datetime.now(UTC)

    world.until(over, "the end of a certificate")


def _meta(world: World, ref: Ref) -> Plain:
    meta: Plain = (world.read(ref) or {}).get("metadata") or {}
    return meta


def _row(
    kind: str,
    name: str,
    written: Written,
    now: Said,
    later: Said | None = None,
    *,
    place: str = PLACE,
) -> Situation:
    return Situation(f"{kind} {name.rstrip('-*')}", Ref(kind, place, name), written, now, later)


def _certificate_row(
    name: str, written: Written, now: Said, later: Said | None = None
) -> Situation:
    return _row("Certificate", name, written, now, later)


def _ref(kind: str, name: str) -> Ref:
    return Ref(kind, "" if kind == "ClusterIssuer" else PLACE, name)


WAITS = failing("DoesNotExist")
OK = Said(HEALTHY)

SITUATIONS: tuple[Situation, ...] = (
    _row("Issuer", "self", READY, OK),
    _row("ClusterIssuer", "cluster-self", READY, OK, place=""),
    _row("Issuer", "no-ca", failing("ErrGetKeyPair"), Said(FAILED, "gone")),
    _row("Issuer", "acme", READY, OK),
    _row("Issuer", "acme-unreachable", failing(""), Said(FAILED, "(?i)refused")),
    _certificate_row("cert-ok", READY, OK),
    _certificate_row("cert-cluster-ok", READY, OK),
    _certificate_row(
        "cert-no-issuer",
        WAITS,
        Said(UNDER_WAY, "nobody", _ref("CertificateRequest", "cert-no-issuer-*")),
        Said(FAILED, "nobody", _ref("CertificateRequest", "cert-no-issuer-*")),
    ),
    _certificate_row(
        "cert-no-cluster-issuer",
        WAITS,
        Said(UNDER_WAY, "nobody", _ref("CertificateRequest", "cert-no-cluster-issuer-*")),
        Said(FAILED, "nobody", _ref("CertificateRequest", "cert-no-cluster-issuer-*")),
    ),
    _certificate_row(
        "cert-issuer-not-ready",
        WAITS,
        Said(UNDER_WAY, "", _ref("Issuer", "no-ca")),
        Said(AT_ODDS, "gone", _ref("Issuer", "no-ca")),
    ),
    _certificate_row(
        "cert-acme-unreachable",
        WAITS,
        Said(UNDER_WAY, "", _ref("Issuer", "acme-unreachable")),
        Said(AT_ODDS, "(?i)refused", _ref("Issuer", "acme-unreachable")),
    ),
    _certificate_row("cert-acme-ok", READY, OK),
    _certificate_row(
        "cert-no-solver",
        WAITS,
        Said(UNDER_WAY, "", _ref("Order", "cert-no-solver-*")),
        Said(AT_ODDS, "(?i)solver", _ref("Order", "cert-no-solver-*")),
    ),
    _certificate_row(
        "wrong-answer",
        Written("Issuing", "False", "Failed"),
        Said(FAILED, "(?i)authoriz|invalid", _ref("Challenge", "wrong-answer-*")),
    ),
    _row(
        "Challenge",
        "closed-*",
        Written("state", "pending", words="404"),
        Said(PROGRESSING, "404"),
        Said(AT_ODDS, "404"),
    ),
    _certificate_row(
        "closed",
        WAITS,
        Said(UNDER_WAY, "404", _ref("Challenge", "closed-*")),
        Said(AT_ODDS, "404", _ref("Challenge", "closed-*")),
    ),
    _certificate_row(
        "absent",
        WAITS,
        Said(UNDER_WAY, "", _ref("Challenge", "absent-*")),
        Said(AT_ODDS, "(?i)no such host|absent", _ref("Challenge", "absent-*")),
    ),
    _row(
        "Challenge",
        "held-*",
        Written("state", "pending", words="cleaning up"),
        Said(PROGRESSING, "(?i)being deleted"),
        Said(AT_ODDS, r"(?i)being deleted.*finalizer"),
    ),
    _certificate_row("shared-a", Written("Ready", "True"), Said(AT_ODDS, "shared-b")),
    _certificate_row("renewed", READY, OK, Said(FAILED, "(?i)expired")),
    # Ready stays True: cert-manager does not look at it again when it ends.
    _certificate_row(
        "expired",
        Written("Issuing", "True", "Renewing"),
        Said(FAILED, "(?i)expired", _ref("CertificateRequest", "expired-*")),
    ),
)
