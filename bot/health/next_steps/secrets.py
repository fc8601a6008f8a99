"""Next steps for External Secrets. Source: the reasons of its conditions, external-secrets.io."""

from collections.abc import Mapping

from bot.health.next_steps.template import DESCRIBE, DESCRIBE_CLUSTER, Table, step

SYNC = "kubectl -n {namespace} annotate {kind} {name} force-sync=$(date +%s) --overwrite"
STORE = "kubectl -n {SecretStore_namespace} describe secretstore {SecretStore}"
CLUSTER_STORE = "kubectl describe clustersecretstore {ClusterSecretStore}"
LOG = "kubectl -n external-secrets logs deploy/external-secrets --since=1h"

REFUSED = (
    r"permission denied|access ?denied|\b(?:401|403)\b|unauthori[sz]ed|forbidden"
    r"|invalid (?:token|credential)"
)
"""How providers refuse an account."""

NOT_SYNCED = (
    step(
        "Put the key that it asks for into the provider, or correct remoteRef in Git.",
        DESCRIBE,
        SYNC,
        when="does not exist|not found|no secret|NoSuchKey|not in item|cannot find",
    ),
    step(
        "Let the store's account read this key in the provider.",
        DESCRIBE,
        SYNC,
        when=REFUSED,
    ),
    step(
        "Read its events, which say why: the store, or a key that the provider has not. "
        "Then let it try again.",
        DESCRIBE,
        SYNC,
    ),
    step("Read its events, which say why: the store, or a key that it has not.", DESCRIBE_CLUSTER),
)

NO_SECRET = (
    step("See in its events why the Secret is gone, then let it create it again.", DESCRIBE, SYNC),
)

EXTERNAL_SECRET: Table = {
    "SecretSyncedError": NOT_SYNCED,
    "SecretMissing": NO_SECRET,
    "SecretDeleted": NO_SECRET,
    "SecretNotFound": NO_SECRET,
    "RefreshLate": (
        step(
            "See whether External Secrets runs and its store answers.",
            "kubectl -n external-secrets get pods",
            STORE,
            CLUSTER_STORE,
        ),
    ),
    **dict.fromkeys(("NamespacesFailed", "NotReady", "PartiallyReady"), NOT_SYNCED),
}

STORES = (
    step(
        "Create the Secret with the store's credentials, or correct its name in Git.",
        DESCRIBE,
        when="not found|does not exist|could not get secret|cannot get Kubernetes secret",
    ),
    step(
        "Renew the store's credentials: the provider refuses them.",
        DESCRIBE,
        when=REFUSED,
    ),
    step(
        "See whether External Secrets reaches the provider: address, DNS, certificate.",
        LOG,
        when="no such host|timeout|dial tcp|connection refused|x509|deadline|sealed",
    ),
    step("Correct what its events name: the provider's address or its credentials.", DESCRIBE),
    step(
        "Correct what its events name: the provider's address or its credentials.", DESCRIBE_CLUSTER
    ),
)

STORE_TABLE: Table = dict.fromkeys(
    (
        "InvalidProviderConfig",
        "InvalidStoreConfiguration",
        "ValidationFailed",
        "ValidationUnknown",
    ),
    STORES,
)

INJECTED: Table = {
    "Orphaned": (
        step(
            "Restore its ExternalSecret in Git, or delete the Secret if nothing uses it.",
            "kubectl -n {namespace} get externalsecrets",
            "kubectl -n {namespace} delete secret {name}",
        ),
    ),
    "PushSecretsNotSeen": (
        step("Let the bot read PushSecrets; `/doctor` says what it may not read."),
    ),
}

PUSHED: Table = {
    "Errored": (
        step("Read its events, which say why: the store, or the Secret that it pushes.", DESCRIBE),
    ),
}

TABLES: Mapping[str, Table] = {
    "external-secrets": EXTERNAL_SECRET,
    "secret-stores": STORE_TABLE,
    "injected-secrets": INJECTED,
    "push-secrets": PUSHED,
}
