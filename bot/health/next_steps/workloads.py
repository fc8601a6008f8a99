"""Next steps for workloads, Jobs, claims, Namespaces, volumes and autoscalers."""

from collections.abc import Mapping

from bot.health.next_steps.template import Table, step

DESCRIBE = "kubectl -n {namespace} describe {kind} {name}"
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
    step("Correct in Git what its message names: the API server refuses its pods.", DESCRIBE),
)

JOB = (
    step(
        "Nothing has to be done: a later run succeeded. Delete it to tidy up.",
        "kubectl -n {namespace} delete job {name}",
        when="A later run of",
    ),
    step(
        "Read why its pods failed, correct that in Git, then delete the Job so that it is made "
        "anew.",
        "kubectl -n {namespace} logs job/{name} --all-containers --tail=50",
        DESCRIBE,
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
    "Suspended": (
        step(
            "Set suspend to false in Git once it may run again.",
            "kubectl -n {namespace} get {kind} {name}",
        ),
    ),
    **dict.fromkeys(
        ("BackoffLimitExceeded", "DeadlineExceeded", "PodFailurePolicy", "Failed", "NoneSucceeded"),
        JOB,
    ),
    "JobNotStarted": (step("See its events.", DESCRIBE),),
    "LastRunFailed": (
        step(
            "Read the log of its last run; run it by hand once that is corrected.",
            "kubectl -n {namespace} get jobs,pods",
            "kubectl -n {namespace} create job {name}-by-hand --from=cronjob/{name}",
        ),
    ),
    "NotBound": CLAIM,
    "Lost": (
        step(
            "Its volume is gone. Restore the volume or the data, and create the claim anew.",
            DESCRIBE,
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

CLUSTER_OBJECTS: Table = {
    **dict.fromkeys(
        (
            "Terminating",
            "NamespaceContentRemaining",
            "NamespaceFinalizersRemaining",
            "NamespaceDeletionContentFailure",
            "NamespaceDeletionDiscoveryFailure",
            "NamespaceDeletionGroupVersionParsingFailure",
        ),
        HELD,
    ),
    **dict.fromkeys(
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
    ),
    "Failed": (
        step(
            "See why its volume could not be deleted or recycled.",
            "kubectl describe {kind} {name}",
        ),
    ),
}

TABLES: Mapping[str, Table] = {"workloads": WORKLOAD, "cluster-objects": CLUSTER_OBJECTS}
