"""Next steps for cert-manager's kinds. Source: cert-manager's troubleshooting of ACME."""

from collections.abc import Mapping

from bot.health.next_steps.template import DESCRIBE, Table, step

STATUS = "cmctl status certificate {name} -n {namespace}"
RENEW = "cmctl renew {name} -n {namespace}"
CHALLENGE = "kubectl -n {Challenge_namespace} describe challenge {Challenge}"
ORDER = "kubectl -n {Order_namespace} describe order {Order}"
REQUEST = (
    "kubectl -n {CertificateRequest_namespace} describe certificaterequest {CertificateRequest}"
)
ISSUER = "kubectl -n {Issuer_namespace} describe issuer {Issuer}"
CLUSTER_ISSUER = "kubectl describe clusterissuer {ClusterIssuer}"
LOG = "kubectl -n cert-manager logs deploy/cert-manager --since=1h | grep {name}"

BEHIND = (
    step("Look at Challenge {Challenge}: its reason says what the ACME server met.", CHALLENGE),
    step("Look at Order {Order}: it says what the ACME server answered.", ORDER),
    step(
        "Look at CertificateRequest {CertificateRequest}: it says what the issuer answered.",
        REQUEST,
    ),
    step("See what its issuer says.", ISSUER, CLUSTER_ISSUER),
    step("See how far it came.", STATUS),
)

RENEWAL = tuple(
    step(f"{template.text} Then renew it.", *template.commands, RENEW) for template in BEHIND
)

RATE_LIMIT = step(
    "Let's Encrypt limits this name for now. Wait until the time that it names; test with its "
    "staging server meanwhile.",
    when="rateLimited|rate limit|too many certificates|too many failed",
)
NO_ISSUER = (
    step(
        "Create Issuer {Issuer} in {Issuer_namespace}, or correct issuerRef in Git (kind: "
        "ClusterIssuer where it is one).",
        "kubectl get issuer,clusterissuer -A",
        when='not found|does not exist|referenced "',
    ),
    step(
        "Create ClusterIssuer {ClusterIssuer}, or correct issuerRef in Git.",
        "kubectl get issuer,clusterissuer -A",
        when='not found|does not exist|referenced "',
    ),
)

CERTIFICATE: Table = {
    "IssuerNotFound": NO_ISSUER,
    "Expired": RENEWAL,
    "RenewalFailed": (RATE_LIMIT, *RENEWAL),
    "RenewalLate": RENEWAL,
    "SecretShared": (
        step(
            "Give each Certificate a secretName of its own, in Git.",
            "kubectl -n {namespace} get certificates -o "
            "custom-columns='NAME:.metadata.name,SECRET:.spec.secretName'",
        ),
    ),
    "Issuing": (RATE_LIMIT, *NO_ISSUER, *BEHIND),
    "DoesNotExist": (RATE_LIMIT, *NO_ISSUER, *BEHIND),
    "Failed": (RATE_LIMIT, *BEHIND),
    "InProgress": BEHIND,
    "Pending": BEHIND,
    "TemporaryCertificate": BEHIND,
    "IncorrectIssuer": BEHIND,
    "NoStatus": (
        step(
            "Check that cert-manager runs: it has not looked at it.",
            "kubectl -n cert-manager get pods",
        ),
    ),
}

SOLVER = step(
    "Give the issuer a solver that fits these names: its selector has none for them.",
    ISSUER,
    CLUSTER_ISSUER,
    when="solver",
)
UNRESOLVED = step(
    "Make the name resolve in public DNS, by A or AAAA, to your router.",
    DESCRIBE,
    when="NXDOMAIN|no valid A records|DNS problem|no such host|SERVFAIL",
)
UNREACHED = step(
    "Forward port 80 of the router to Traefik, and let no firewall stop it: HTTP-01 needs it.",
    DESCRIBE,
    when="timeout|timed out|connection refused|connection reset|no route to host|unreachable",
)
WRONG_ANSWER = step(
    "Let the path /.well-known/acme-challenge/ through to cert-manager's solver: something else "
    "answers there, such as a redirect, a login or another server.",
    DESCRIBE,
    when=r"wrong status code|\b(?:403|404|401|5\d\d)\b|unauthorized|invalid response",
)
DNS01 = step(
    "Give the solver a token of your DNS provider that may edit this zone.",
    DESCRIBE,
    when="cloudflare|api token|token|credential|dns-01|secret",
)

ACME = (
    RATE_LIMIT,
    SOLVER,
    UNRESOLVED,
    UNREACHED,
    WRONG_ANSWER,
    DNS01,
    step("Look at Challenge {Challenge}: its reason says what the ACME server met.", CHALLENGE),
    step("See in its reason and events what the ACME server or the solver met.", DESCRIBE),
)

ISSUED = (
    RATE_LIMIT,
    *NO_ISSUER,
    step("Look at Order {Order}: it says what the ACME server answered.", ORDER),
    step("See what its issuer answered.", DESCRIBE, ISSUER, CLUSTER_ISSUER),
)

UNSOLVED = (
    step(
        "Give the issuer a solver that fits these names: compare its solvers' selectors with them.",
        ISSUER,
        CLUSTER_ISSUER,
    ),
    step("See in its events why it makes no Challenge.", DESCRIBE),
)

REQUESTS: Table = {
    **dict.fromkeys(("Invalid", "Errored", "Expired", "Pending", "Processing", "NoStatus"), ACME),
    "IssuerNotFound": NO_ISSUER,
    **dict.fromkeys(("NoChallenge", "NoSolver"), UNSOLVED),
    "Denied": (
        step("Approve it, or correct the policy of whatever approves requests here.", DESCRIBE),
    ),
    "InvalidRequest": (
        step("Correct the Certificate in Git: its request is not valid.", DESCRIBE),
    ),
    "Failed": ISSUED,
    "Terminating": (
        step(
            "See why cert-manager cannot clean it up, such as a DNS provider's token that is gone. "
            "Restore that, and the finalizer goes.",
            DESCRIBE,
            LOG,
        ),
    ),
}

ACCOUNT = (
    step(
        "Create the Secret that it names, or correct the name in Git.",
        "kubectl -n {namespace} get secrets",
        "kubectl -n cert-manager get secrets",
        when=r"secrets? .{0,120}not found",
    ),
    step(
        "See whether cert-manager reaches the ACME server: DNS and network of its pod.",
        "kubectl -n cert-manager logs deploy/cert-manager --since=1h",
        when="no such host|timeout|dial tcp|connection refused|x509|deadline",
    ),
    step(
        "Correct spec.acme.email in Git: the server refuses it.",
        when="email|contact|invalidContact",
    ),
    step("Correct what its message names: server, account or key.", DESCRIBE),
    step(
        "Correct what its message names: server, account or key.", "kubectl describe {kind} {name}"
    ),
)

ISSUERS: Table = dict.fromkeys(
    (
        "ErrRegisterACMEAccount",
        "ErrVerifyACMEAccount",
        "ErrUpdateACMEAccount",
        "ErrInitIssuer",
        "ErrGetKeyPair",
        "ErrInvalidKeyPair",
        "InvalidConfig",
        "VaultError",
        "Error",
    ),
    ACCOUNT,
)

TABLES: Mapping[str, Table] = {
    "certificates": CERTIFICATE,
    "certificate-requests": REQUESTS,
    "issuers": ISSUERS,
}
