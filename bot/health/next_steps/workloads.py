"""Next steps for workloads, Jobs, claims, Namespaces, volumes and autoscalers."""

from collections.abc import Mapping

from bot.health.next_steps.template import DESCRIBE, Table, step

EVENTS = "kubectl -n {namespace} get events --field-selector involvedObject.name={name}"
CLAIM = (
    step(
        "Create StorageClass {storageclass}, or name one that exists in Git.",
        "kubectl get storageclass",
        when='storageclass.{0,40} "[^"]+" not found',
    ),
    step(
        "See what its provisioner says; with WaitForFirstConsumer it waits for a pod.",
        DESCRIBE,
        "kubectl get storageclass",
    ),
)

UNFINISHED = (
    step(
        "Look at pod {Pod}: it says why.",
        "kubectl -n {Pod_namespace} describe pod {Pod}",
    ),
    step("Look at its pods and events: they say why.", DESCRIBE, EVENTS),
)

FORBIDDEN = (
    step(
        "Correct the pod's securityContext in Git, or loosen the label "
        "pod-security.kubernetes.io/enforce of the Namespace.",
        "kubectl get namespace {namespace} --show-labels",
        when="PodSecurity",
    ),
    step(
        "Raise the quota of the Namespace, or lower the pod's requests, in Git.",
        "kubectl -n {namespace} describe resourcequota",
        when="quota",
    ),
    step(
        "Create ServiceAccount {serviceaccount}, or correct its name in Git.",
        "kubectl -n {namespace} get serviceaccounts",
        when="serviceaccount",
    ),
    step(
        "Correct the pod template in Git as the admission webhook demands, or change its rule.",
        DESCRIBE,
        when="admission webhook .{0,260} denied",
    ),
    step(
        "See whether the Service behind the admission webhook answers.",
        "kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations",
        when="failed calling webhook",
    ),
    step("Correct in Git what its message names: the API server refuses its pods.", DESCRIBE),
)

WITHOUT_PODS = (
    step(
        "Read its events: they say why the API server refuses its pods.",
        DESCRIBE,
        "kubectl -n {namespace} describe resourcequota",
    ),
)

RELEASED = (
    step(
        "Let the present claim have this volume and its data, if they belong together.",
        "kubectl patch persistentvolume {PersistentVolume} --type json "
        """-p '[{{"op":"remove","path":"/spec/claimRef/uid"}}]'""",
        "kubectl get persistentvolume {PersistentVolume}",
    ),
    step(
        "Let the present claim have this volume and its data, if they belong together.",
        """kubectl patch {kind} {name} --type json """
        """-p '[{{"op":"remove","path":"/spec/claimRef/uid"}}]'""",
        "kubectl get {kind} {name}",
    ),
)

JOB = (
    step(
        "Nothing has to be done: a later run succeeded. Delete it to tidy up.",
        "kubectl -n {namespace} delete job {name}",
        when="A later run of",
    ),
    step(
        "Read why its pods failed, correct that in Git, then delete the Job so that it is made "
        "again.",
        "kubectl -n {namespace} logs job/{name} --all-containers --tail=50",
        DESCRIBE,
    ),
)

SUSPENDED = (
    step(
        "Set suspend to false in Git once it may run again.",
        "kubectl -n {namespace} get {kind} {name}",
    ),
)

WORKLOAD: Table = {
    "ProgressDeadlineExceeded": UNFINISHED,
    "FailedCreate": FORBIDDEN,
    "ReplicaFailure": FORBIDDEN,
    **dict.fromkeys(
        (
            "LessReplicas",
            "LessUpdated",
            "LessAvailable",
            "LessReady",
            "LessCurrent",
            "LessLabelled",
            "ExtraPods",
            "RollingUpdate",
            "ReplicaSetNotAvailable",
            "DeploymentNotAvailable",
        ),
        UNFINISHED,
    ),
    "NoDesiredNumber": (
        step("See its events: its controller has not counted the nodes.", DESCRIBE),
    ),
    "Paused": (
        step(
            "Resume the rollout; where Git has paused: true, change it there.",
            "kubectl -n {namespace} rollout resume {kind} {name}",
        ),
    ),
    "NoPods": WITHOUT_PODS,
    "ServiceNotFound": (
        step(
            "Create the headless Service that its serviceName names, in Git.",
            "kubectl -n {namespace} get services",
        ),
    ),
}

JOBS: Table = {
    "NoPods": WITHOUT_PODS,
    "Suspended": SUSPENDED,
    **dict.fromkeys(
        ("BackoffLimitExceeded", "DeadlineExceeded", "PodFailurePolicy", "Failed", "NoneSucceeded"),
        JOB,
    ),
    "JobNotStarted": (step("See its events.", DESCRIBE),),
    "NotScheduled": (
        step(
            "See in its events why no run comes, and start one by hand where it is needed now.",
            "kubectl -n {namespace} describe cronjob {name}",
            "kubectl -n {namespace} create job {name}-by-hand --from=cronjob/{name}",
        ),
    ),
    "LastRunFailed": (
        step(
            "Read the log of its last run; run it by hand once that is corrected.",
            "kubectl -n {namespace} get jobs,pods",
            "kubectl -n {namespace} create job {name}-by-hand --from=cronjob/{name}",
        ),
    ),
}

STORAGE: Table = {
    **dict.fromkeys(("NotBound", "StorageClassNotFound", "NoStorageClass"), CLAIM),
    "Lost": (
        step(
            "Its volume is gone. Restore the volume or the data, and create the claim again.",
            DESCRIBE,
        ),
    ),
    **dict.fromkeys(("Released", "VolumeReleased"), RELEASED),
    **dict.fromkeys(
        ("VolumeNotFound", "VolumeTaken", "NoVolume"),
        (
            step(
                "Make a volume by hand that fits the claim, or name a StorageClass that makes one.",
                DESCRIBE,
                "kubectl get persistentvolumes,storageclasses",
            ),
        ),
    ),
    "NotDeleted": (step("See what the storage driver says.", "kubectl describe {kind} {name}"),),
    "Failed": (
        step(
            "See why its volume could not be deleted or recycled.",
            "kubectl describe {kind} {name}",
        ),
    ),
}

HELD = (
    step(
        "See what is left in it: the message names what holds it up.",
        "kubectl get namespace {name} -o jsonpath='{{.status.conditions}}'",
        "kubectl api-resources --verbs=list --namespaced -o name "
        "| xargs -n1 kubectl get --ignore-not-found -n {name}",
    ),
)

METRICS = (
    step(
        "Correct scaleTargetRef in Git: there is no such workload.",
        DESCRIBE,
        when="not found",
    ),
    step(
        "See whether metrics-server runs, and whether the pods set requests.",
        "kubectl top pods -n {namespace}",
        DESCRIBE,
    ),
)

NAMESPACES: Table = dict.fromkeys(
    (
        "Terminating",
        "NamespaceContentRemaining",
        "NamespaceFinalizersRemaining",
        "NamespaceDeletionContentFailure",
        "NamespaceDeletionDiscoveryFailure",
        "NamespaceDeletionGroupVersionParsingFailure",
    ),
    HELD,
)

AUTOSCALERS: Table = dict.fromkeys(
    (
        "FailedGetScale",
        "FailedGetResourceMetric",
        "FailedGetObjectMetric",
        "FailedGetExternalMetric",
        "FailedGetPodsMetric",
        "FailedComputeMetricsReplicas",
        "InvalidMetricSourceType",
        "InvalidSelector",
        "AbleToScale",
        "ScalingActive",
    ),
    METRICS,
)

TABLES: Mapping[str, Table] = {
    "workloads": WORKLOAD,
    "replica-sets": WORKLOAD,
    "jobs": JOBS,
    "storage": STORAGE,
    "namespaces": NAMESPACES,
    "autoscalers": AUTOSCALERS,
}
