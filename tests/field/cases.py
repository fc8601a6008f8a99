"""What is right of each handed field report: verdicts by exit code, and words that must stand."""

from __future__ import annotations

from dataclasses import dataclass

HEALTHY, DEGRADED, FAILED = 0, 1, 2
"""Exit codes of `judge`, `check`, `traefik routes` and `traefik logs`."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One way to ask about a file.

    front: `judge`, `check`, `routes`, `logs`, `convert` or `edit`.
    codes: The exit codes that are right.
    must: Patterns that the answer holds, with white space folded.
    must_not: Patterns that it does not hold.
    """

    front: str
    codes: tuple[int, ...] = ()
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A file of the field reports, and how it is asked about."""

    file: str
    asks: tuple[Ask, ...]


def routed(must: str, *, mildest: int = FAILED) -> tuple[Ask, ...]:
    """Both views of a route tell the same."""
    codes = tuple(range(mildest, FAILED + 1))
    return (Ask("check", codes, (must,)), Ask("routes", codes, (must,)))


CASES = (
    Case("03-mixed-flannel-backends.yaml", (Ask("judge", (DEGRADED,), ("backend", "agent-1")),)),
    Case("06-classic-sidecar-keeps-job.yaml", (Ask("judge", (1, 2), ("tailscale",)),)),
    Case(
        "10-old-failed-cron-run.yaml",
        (Ask("judge", (0, 1), (), (r"failed +(Job|Pod)",)),),
    ),
    Case(
        "12-psa-forbids-pods.yaml",
        (
            Ask("judge", (FAILED,), (r"failed +Deployment", r"Deployment.*?violates PodSecurity")),
            Ask("check", (FAILED,), ("violates PodSecurity",)),
        ),
    ),
    Case("16-wait-for-db-init.yaml", (Ask("judge", (1, 2), ("wait-for-db",)),)),
    Case(
        "19-loadbalancer-pending-with-svclb.yaml",
        (Ask("check", (1, 2), (r"1 problem", "1 affected: Service media/web2")),),
    ),
    Case(
        "21-hr-generation-never-observed.yaml",
        (Ask("judge", (DEGRADED,), ("degraded +HelmRelease",)),),
    ),
    Case(
        "23-hr-retries-exhausted-pod-fine.yaml",
        (Ask("judge", (FAILED,), ("context deadline exceeded",)),),
    ),
    Case(
        "26-hr-long-timeout-under-way.yaml",
        (Ask("judge", (HEALTHY,), ("progressing +HelmRelease",)),),
    ),
    Case(
        "28-ks-old-health-check-words.yaml",
        (
            Ask(
                "check",
                (FAILED,),
                (r"1 problem", "Kustomization flux-system/identity"),
            ),
        ),
    ),
    Case(
        "32-challenge-cannot-be-deleted.yaml",
        (Ask("judge", (1, 2), ("being deleted", r"finalizer\.acme\.cert-manager\.io")),),
    ),
    Case(
        "35-two-certificates-one-secret.yaml",
        (Ask("judge", (1, 2), ("shared-tls", r"(degraded|failed) +Certificate apps/app-a")),),
    ),
    Case(
        "42-es-deleted-by-policy.yaml",
        (Ask("judge", (0, 1), ("(?i)deletionPolicy",), ("failed +ExternalSecret",)),),
    ),
    Case(
        "44-onepassword-key-not-found.yaml",
        (
            Ask(
                "judge",
                (FAILED,),
                ("onepassword: status 401", "admin_password: not in item"),
                (r"\[redacted\]",),
            ),
        ),
    ),
    Case("50-middleware-of-other-namespace.yaml", routed("(?i)cross-?namespace")),
    Case("54-rule-unbalanced-paren.yaml", routed("(?i)rule")),
    Case("56-externalname-not-allowed.yaml", routed("ExternalName")),
    Case("59-serverstransport-missing.yaml", routed("ServersTransport")),
    Case("62-duplicate-name-other-group.yaml", routed(r"traefik\.containo\.us")),
    Case("65-port-as-quoted-number.yaml", routed(r"(?i)in quotes|without quotes|unquoted")),
    Case("66-v2-multi-argument-matcher.yaml", routed("PathPrefix")),
    Case("67-endpoints-port-name-differs.yaml", routed("(?i)port.*name|name.*port")),
    Case(
        "70-docker-time-glued.log",
        (Ask("logs", (1, 2), ("nextcloud", "(?i)no endpoints|endpoints not found")),),
    ),
    Case(
        "72-middleware-secret-not-found.log",
        (Ask("logs", (1, 2), ("traefik-auth", "(?i)secret")),),
    ),
    Case(
        "76-api-unreachable-reflector.log",
        (Ask("logs", (1, 2), ("Secret", "EndpointSlice")),),
    ),
    Case("82-only-sni-warning.log", (Ask("logs", (HEALTHY,)),)),
    Case("90-ingress-of-second-traefik.yaml", (Ask("convert", (), ("traefik-internal",)),)),
    Case("91-ingress-with-nginx-auth.yaml", (Ask("convert", (), ("auth-type|auth-secret",)),)),
    Case(
        "95-repeated-anchor.yaml",
        (Ask("judge", (), (), ("not YAML",)), Ask("edit", (), (), ("not YAML", "template"))),
    ),
)
