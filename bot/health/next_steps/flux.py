"""Next steps for Flux's kinds. Source: the reasons of its controllers' conditions, Flux 2.9."""

from collections.abc import Mapping

from bot.health.next_steps.template import Table, Template, step

KUSTOMIZE_LOG = "kubectl -n flux-system logs deploy/kustomize-controller --since=1h | grep {name}"
RECONCILE = "flux reconcile kustomization {name} -n {namespace} --with-source"
RECONCILE_SOURCE = "flux reconcile source {source} {name} -n {namespace}"
RESET = "flux reconcile helmrelease {name} -n {namespace} --reset --force"
HISTORY = "helm -n {release_namespace} history {release}"
ROLLBACK = "helm -n {rollback_namespace} rollback {release}"

SUSPENDED_KUSTOMIZATION = (
    step(
        "Resume it once its maintenance is over; where Git has suspend: true, change it there.",
        "flux resume kustomization {name} -n {namespace}",
    ),
)
SUSPENDED_RELEASE = (
    step(
        "Resume it once its maintenance is over; where Git has suspend: true, change it there.",
        "flux resume helmrelease {name} -n {namespace}",
    ),
)
SUSPENDED_SOURCE = (
    step(
        "Resume it once its maintenance is over; where Git has suspend: true, change it there.",
        "flux resume source {source} {name} -n {namespace}",
    ),
)

CYCLE = (
    step("In Git, remove one dependsOn of the cycle: none of its members can begin otherwise."),
)

PENDING_IS = r"another operation .{0,40}in progress|pending-(?:install|upgrade|rollback)"
INTERRUPTED = (
    "Helm was interrupted: its last operation is still recorded as pending. Git cannot change that."
)


def _pending(when: str = "") -> tuple[Template, ...]:
    """By a rollback, where Helm keeps the release in the namespace that it installs into."""
    return (
        step(
            f"{INTERRUPTED} Find the last good revision of {{rollback_namespace}}/{{release}}, "
            "roll back to it, then let Flux try again.",
            HISTORY,
            ROLLBACK,
            RESET,
            when=when,
        ),
        step(
            f"{INTERRUPTED} Helm keeps it in another namespace than it installs into, where a "
            "rollback by hand would go wrong. Delete the Secret of the pending revision, then let "
            "Flux try again.",
            HISTORY,
            "kubectl -n {release_namespace} get secrets -l owner=helm,name={release}",
            RESET,
            when=when,
        ),
    )


PENDING = _pending(PENDING_IS)


def _of_sources(text: str, kinds: Mapping[str, str]) -> tuple[Template, ...]:
    """A template for each kind of source that an object may be made from."""
    return tuple(
        step(
            text.replace("SOURCE", f"{kind} {{{kind}}}"),
            f"flux get source {word} {{{kind}}} -n {{{kind}_namespace}}",
        )
        for kind, word in kinds.items()
    )


KUSTOMIZED = {"GitRepository": "git", "OCIRepository": "oci", "Bucket": "bucket"}
CHARTED = {
    "HelmChart": "chart",
    "HelmRepository": "helm",
    "GitRepository": "git",
    "OCIRepository": "oci",
}

SOURCE_FIRST = "Look at SOURCE: nothing is to be done here until that is fetched."

DEPENDENCY = (
    step(
        "Look at Kustomization {dependency_namespace}/{dependency}, which it waits for: nothing "
        "is to be done here.",
        "flux get kustomization {dependency} -n {dependency_namespace}",
    ),
    step(
        "Look at Kustomization {Kustomization}, which it waits for: nothing is to be done here.",
        "flux get kustomization {Kustomization} -n {Kustomization_namespace}",
    ),
    step("Look at what it names in dependsOn: nothing is to be done here."),
)
RELEASE_DEPENDENCY = (
    step(
        "Look at HelmRelease {dependency_namespace}/{dependency}, which it waits for: nothing is "
        "to be done here.",
        "flux get helmrelease {dependency} -n {dependency_namespace}",
    ),
    step(
        "Look at HelmRelease {HelmRelease}, which it waits for: nothing is to be done here.",
        "flux get helmrelease {HelmRelease} -n {HelmRelease_namespace}",
    ),
    step("Look at what it names in dependsOn: nothing is to be done here."),
)

SOURCE_OF_KUSTOMIZATION = (
    *_of_sources(SOURCE_FIRST, KUSTOMIZED),
    step("Look at its source: nothing is to be done here until that is fetched."),
)
SOURCE_OF_RELEASE = (
    *_of_sources(SOURCE_FIRST, CHARTED),
    step("Look at its chart and source: nothing is to be done here until those are fetched."),
)

HEALTH_CHECK = (
    step(
        "Look at {awaited_kind} {awaited_namespace}/{awaited}, which does not become healthy.",
        "kubectl -n {awaited_namespace} describe {awaited_kind} {awaited}",
        RECONCILE,
    ),
    step("Look at the objects that it waits for.", "flux tree kustomization {name} -n {namespace}"),
)

KUSTOMIZATION: Table = {
    "Suspended": SUSPENDED_KUSTOMIZATION,
    "DependencyCycle": CYCLE,
    "RevisionBehind": (
        step(
            "In Git, remove one dependsOn of the cycle that its message names. Until then, let "
            "Flux look yourself.",
            RECONCILE,
        ),
    ),
    "DependencyNotReady": DEPENDENCY,
    "ArtifactFailed": (
        step(
            "Correct spec.path in Git: its source has no such directory.",
            when="path not found|no such file or directory",
        ),
        *SOURCE_OF_KUSTOMIZATION,
    ),
    "SourceNotReady": SOURCE_OF_KUSTOMIZATION,
    "SourceUnavailable": SOURCE_OF_KUSTOMIZATION,
    "BuildFailed": (
        step(
            "Give it the key: the Secret that spec.decryption names has none that opens this file.",
            "kubectl -n {namespace} get kustomization {name} -o jsonpath='{{.spec.decryption}}'",
            when="decrypt|sops|age:",
        ),
        step(
            "Correct the file that its message names, in Git. Build it yourself first.",
            "flux build kustomization {name} -n {namespace} --path ./PATH",
        ),
    ),
    "HealthCheckFailed": HEALTH_CHECK,
    "ReconciliationFailed": (
        step(
            "Give its service account the permission that the message names, in Git.",
            KUSTOMIZE_LOG,
            when="forbidden|cannot (?:get|list|create|patch|update|delete)",
        ),
        step(
            "Install the CRD first: let this depend, by dependsOn, on what brings it.",
            "flux get kustomizations -A",
            when="no matches for kind|CRD|could not find the requested resource",
        ),
        step(
            "The field cannot be changed. Delete the object so that Flux creates it again, or set "
            "spec.force for it in Git.",
            when="immutable|field is immutable|Forbidden: updates",
        ),
        step("Correct in Git what the API server refuses; the message names it.", KUSTOMIZE_LOG),
    ),
    "PruneFailed": (step("See which object cannot be deleted, and why.", KUSTOMIZE_LOG),),
    "Progressing": HEALTH_CHECK,
    "ProgressingWithRetry": HEALTH_CHECK,
    "Reconciling": HEALTH_CHECK,
}

LAST_TRY = (
    step(
        "Look at {awaited_kind} {awaited_namespace}/{awaited}, which does not become ready.",
        "kubectl -n {awaited_namespace} describe {awaited_kind} {awaited}",
        HISTORY,
    ),
    step(
        "Look at the pod {Pod} of the release, which does not become ready.",
        "kubectl -n {Pod_namespace} describe pod {Pod}",
        HISTORY,
        when="deadline exceeded|timed? ?out|not ready",
    ),
    step(
        "Correct chart version or values in Git, as the message says. After its retries are "
        "exhausted, Flux needs a reset.",
        HISTORY,
        RESET,
    ),
)

RELEASE: Table = {
    "Suspended": SUSPENDED_RELEASE,
    "DependencyCycle": CYCLE,
    "DependencyNotReady": RELEASE_DEPENDENCY,
    "SourceNotReady": SOURCE_OF_RELEASE,
    "SourceUnavailable": SOURCE_OF_RELEASE,
    "ArtifactFailed": SOURCE_OF_RELEASE,
    "HelmChartNotReady": SOURCE_OF_RELEASE,
    "PendingHelmOperation": _pending(),
    "RetriesExceeded": (
        *PENDING,
        step(
            "Flux gave up. Fix what the message names, in Git or in the cluster, then let Flux try "
            "again from zero.",
            RESET,
            HISTORY,
        ),
    ),
    "MissingRollbackTarget": (
        step(
            "There is no good revision to go back to. Fix the release in Git, then let Flux try "
            "again.",
            RESET,
            HISTORY,
        ),
    ),
    "InstallFailed": (*PENDING, *LAST_TRY),
    "UpgradeFailed": (*PENDING, *LAST_TRY),
    "RollbackFailed": (*PENDING, *LAST_TRY),
    "UninstallFailed": (*PENDING, *LAST_TRY),
    "UninstallSucceeded": LAST_TRY,
    "RollbackSucceeded": (
        step(
            "The upgrade failed and was rolled back: the old release serves. Correct the upgrade "
            "in Git.",
            HISTORY,
        ),
    ),
    "TestFailed": (
        step(
            "The release is installed, but a Helm test of it fails. Read the log of the test pod.",
            "helm -n {release_namespace} test {release} --logs",
        ),
    ),
    "StateError": (
        *PENDING,
        step("See what Helm keeps of the release.", HISTORY),
    ),
    "ValuesError": (
        step(
            "Create the ConfigMap or Secret that valuesFrom names, or correct the name in Git.",
            "kubectl -n {namespace} get helmrelease {name} -o jsonpath='{{.spec.valuesFrom}}'",
        ),
    ),
    "AccessDenied": (
        step("Keep chart and source in its own namespace, or allow references across namespaces."),
    ),
    "DriftDetected": (
        step(
            "Someone changed the release by hand. Put the change into Git, or let Flux take it "
            "back: driftDetection.mode: enabled.",
            "kubectl -n {namespace} get events --field-selector involvedObject.name={name}",
        ),
    ),
    "Progressing": LAST_TRY,
    "ProgressingWithRetry": LAST_TRY,
    "Reconciling": LAST_TRY,
}

CREDENTIALS = step(
    "Renew the credentials: the server refuses those in the Secret that secretRef names.",
    "kubectl -n {namespace} get {kind} {name} -o jsonpath='{{.spec.secretRef.name}}'",
    RECONCILE_SOURCE,
    when=r"authenticat|authori[sz]|\b(?:401|403)\b|denied|forbidden|permission|handshake",
)
NO_SECRET = step(
    "Create the Secret that secretRef names, or correct the name in Git.",
    "kubectl -n {namespace} get {kind} {name} -o jsonpath='{{.spec.secretRef.name}}'",
    when=r"secrets? .{0,80}not found",
)
NETWORK = step(
    "See whether source-controller reaches the server: DNS, firewall, certificate.",
    "kubectl -n flux-system logs deploy/source-controller --since=1h | grep {name}",
    RECONCILE_SOURCE,
    when="no such host|timeout|timed out|dial tcp|connection refused|x509|deadline|unreachable",
)
MISSING = step(
    "Correct spec.url or spec.ref in Git: the server has no such repository, branch, tag or chart.",
    RECONCILE_SOURCE,
    when=r"not found|couldn't find|\b404\b|no .{0,40}match|unknown revision|does not exist",
)
FETCH = (
    NO_SECRET,
    CREDENTIALS,
    NETWORK,
    MISSING,
    step("Correct in Git what its message names: URL, reference or credentials.", RECONCILE_SOURCE),
)

SOURCE: Table = {
    "Suspended": SUSPENDED_SOURCE,
    **dict.fromkeys(
        (
            "GitOperationFailed",
            "AuthenticationFailed",
            "OCIArtifactPullFailed",
            "OCIArtifactLayerOperationFailed",
            "IndexationFailed",
            "FetchFailed",
            "Failed",
            "BucketOperationFailed",
            "ChartPullError",
            "ChartPullFailed",
            "InvalidChartReference",
            "InvalidProviderConfiguration",
            "Progressing",
            "ProgressingWithRetry",
            "Reconciling",
        ),
        FETCH,
    ),
    "URLInvalid": (step("Correct spec.url in Git: it is not an address of such a source."),),
    "ChartPackageError": (
        step("Correct the chart in Git: it cannot be packaged, as its message says."),
    ),
    "ValuesFilesError": (
        step("Correct spec.chart.spec.valuesFiles in Git: the chart has no such file."),
    ),
    "StorageOperationFailed": (
        step(
            "See whether the volume of source-controller's storage is full.",
            "kubectl -n flux-system exec deploy/source-controller -- df -h /data",
        ),
    ),
    "ArchiveOperationFailed": (
        step(
            "See whether the volume of source-controller's storage is full.",
            "kubectl -n flux-system exec deploy/source-controller -- df -h /data",
        ),
    ),
    "InvalidCommitSignature": (
        step("Sign the commit with a key that spec.verify names, or add its key there."),
    ),
    "VerificationError": (
        step("Sign the artifact with a key that spec.verify names, or add its key there."),
    ),
    "SourceUnavailable": SOURCE_OF_RELEASE,
    "NoSourceArtifact": SOURCE_OF_RELEASE,
    "SourceNotReady": SOURCE_OF_RELEASE,
    "AccessDenied": (
        step("Keep its source in its own namespace, or allow references across namespaces."),
    ),
}

TABLES: Mapping[str, Table] = {
    "flux-kustomizations": KUSTOMIZATION,
    "flux-helmreleases": RELEASE,
    "flux-sources": SOURCE,
}
