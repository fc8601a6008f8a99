"""What is wrong with a secret, or the store that it comes from."""

from bot.domain.situation.phrase import phrase

PHRASES = (
    phrase(
        "isn't synced, permission denied",
        "SecretSyncedError",
        says="[Pp]ermission denied|[Ff]orbidden|403",
    ),
    phrase("isn't synced", "SecretSyncedError", "UpdateFailed"),
    phrase("isn't synced, its value is gone", "SecretMissing"),
    phrase("was deleted, its value is gone", "SecretDeleted"),
    phrase("isn't there", "SecretNotFound"),
    phrase("is late for its refresh", "RefreshLate"),
    phrase("isn't synced into every namespace", "NamespacesFailed", "PartiallyReady"),
    phrase("isn't pushed", "Errored"),
    phrase("is left over, its PushSecret is gone", "Orphaned"),
    phrase("may be left over", "PushSecretsNotSeen"),
    phrase("isn't ready", "NotReady"),
)

STORES = (
    phrase("can't log in to its provider", "InvalidProviderConfig"),
    phrase("may not be reachable", "ValidationUnknown"),
    phrase("has an invalid configuration", "InvalidStoreConfiguration"),
    phrase("fails its validation", "ValidationFailed"),
    phrase("isn't ready", "NotReady"),
)
