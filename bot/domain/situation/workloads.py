"""What is wrong with a workload, a Job or an autoscaler."""

from bot.domain.situation.phrase import missing, phrase
from bot.domain.verdict import Verdict

COUNTED = ("LessAvailable", "LessReady", "LessReplicas", "LessUpdated", "LessCurrent")
COUNTS = r": (?P<have>\d{1,6})/(?P<want>\d{1,6})\."

PHRASES = (
    phrase("has {have} of {want} pods available", "LessAvailable", says=COUNTS),
    phrase("has {have} of {want} pods ready", "LessReady", says=COUNTS),
    phrase("has {have} of {want} pods", "LessReplicas", says=COUNTS),
    phrase("has {have} of {want} pods up to date", "LessUpdated", "LessCurrent", says=COUNTS),
    phrase("has {have} of {want} pods labelled", "LessLabelled", says=COUNTS),
    phrase("has too few pods", *COUNTED, "LessLabelled"),
    phrase("has too many pods", "ExtraPods"),
    phrase("has no pods", "NoPods"),
    phrase("can't create its pods", "FailedCreate", "ReplicaFailure"),
    phrase("doesn't finish its rollout", "ProgressDeadlineExceeded"),
    phrase("is being rolled out", "NotObserved", verdict=Verdict.PROGRESSING),
    phrase("isn't taken up by its controller", "NotObserved", "NoDesiredNumber"),
    phrase("is being rolled out", "RollingUpdate", "ReplicaSetNotAvailable"),
    phrase("isn't available", "DeploymentNotAvailable"),
    phrase("has a paused rollout", "Paused"),
    *missing("names", "Service"),
    phrase("isn't available", "MinimumReplicasUnavailable"),
)

JOBS = (
    phrase("runs", "JobInProgress"),
    phrase("doesn't start", "JobNotStarted"),
    phrase("is suspended", "Suspended"),
    phrase("failed its last run", "LastRunFailed"),
    phrase("has had no successful run", "NoneSucceeded"),
    phrase("isn't started on schedule", "NotScheduled"),
    phrase("failed, its pods were retried too often", "BackoffLimitExceeded"),
    phrase("ran past its deadline", "DeadlineExceeded"),
    phrase("failed", "Failed", "FailureTarget", "PodFailurePolicy"),
    phrase("can't create its pods", "FailedCreate"),
    phrase("has no pods", "NoPods"),
)

AUTOSCALERS = (
    phrase("is switched off", "ScalingDisabled"),
    phrase(
        "can't read its metrics",
        "FailedGetExternalMetric",
        "FailedGetObjectMetric",
        "FailedGetPodsMetric",
        "FailedComputeMetricsReplicas",
    ),
    phrase("names metrics that don't exist", "InvalidMetricSourceType"),
    phrase("has an invalid selector", "InvalidSelector"),
    phrase("can't scale", "AbleToScale", "ScalingActive"),
    phrase("can't read its metrics", "FailedGetResourceMetric", "FailedGetScale"),
)
