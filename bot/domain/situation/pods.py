"""What is wrong with a pod."""

from bot.domain.situation.phrase import NAME, phrase
from bot.domain.verdict import Verdict

ENDED = ("CrashLoopBackOff", "OOMKilled", "Error", "StartError", "ContainerCannotRun")
IMAGE = ("ImagePullBackOff", "ErrImagePull", "RegistryUnavailable")
STARTING = ("ContainerCreating", "PodInitializing", "ContainersNotReady", "NotReady")
MOUNT = "MountVolume|[Uu]nable to attach or mount|FailedMount"

PHRASES = (
    phrase(
        "was killed for lack of memory, {restarts} restarts",
        *ENDED,
        says=r"ended: OOMKilled, exit code \d{1,4}[^.]{0,60}\. "
        r"It (?:was restarted|is running again, after) (?P<restarts>\d{1,6}) (?:times|restarts)",
    ),
    phrase("was killed for lack of memory", *ENDED, says="ended: OOMKilled"),
    phrase("was killed for lack of memory", "OOMKilled"),
    phrase(
        "is crash-looping, {restarts} restarts",
        "CrashLoopBackOff",
        says=r"was restarted (?P<restarts>\d{1,6}) times",
    ),
    phrase("is crash-looping", "CrashLoopBackOff"),
    phrase("crashed, and runs again", "Error", says="is running again"),
    phrase("crashed", "Error"),
    phrase("can't start its container", "StartError", "ContainerCannotRun", "RunContainerError"),
    phrase("can't create its container", "CreateContainerError", "PreCreateHookError"),
    phrase("can't start its container", "PreStartHookError"),
    phrase("has a failing postStart hook", "PostStartHookError"),
    phrase(
        "needs missing Secret {name}",
        "CreateContainerConfigError",
        says=rf'secret "(?P<name>{NAME})" not found',
    ),
    phrase(
        "needs missing ConfigMap {name}",
        "CreateContainerConfigError",
        says=rf'configmap "(?P<name>{NAME})" not found',
    ),
    phrase("has a container with a broken configuration", "CreateContainerConfigError"),
    phrase("can't pull its image", *IMAGE),
    phrase("needs an image that isn't on its node", "ErrImageNeverPull"),
    phrase("has an invalid image name", "InvalidImageName"),
    phrase("has an image that can't be read", "ImageInspectError"),
    phrase("has an image without a valid signature", "SignatureValidationFailed"),
    phrase("can't be scheduled on any node", "Unschedulable"),
    phrase("is refused by its node", "UnexpectedAdmissionError", "NodeAffinity"),
    phrase("doesn't fit on its node", "OutOfcpu", "OutOfmemory", "OutOfpods"),
    phrase("waits for an init container", "ContainersNotInitialized"),
    phrase("is held back by a scheduling gate", "SchedulingGated"),
    phrase("was evicted from its node", "Evicted"),
    phrase("is on a node that doesn't answer", "NodeLost"),
    phrase("was stopped with its node", "NodeShutdown", "Terminated", "TerminationByKubelet"),
    phrase("ran past its deadline", "DeadlineExceeded"),
    phrase("can't mount its volume", *STARTING, says=MOUNT),
    phrase("is starting", *STARTING, verdict=Verdict.PROGRESSING),
    phrase("doesn't start", "ContainerCreating", "PodInitializing"),
    phrase("isn't ready", "ContainersNotReady", "NotReady", "ReadinessGatesNotReady"),
    phrase("is done, but a sidecar runs on", "SidecarRunsOn"),
    phrase("ended", "Completed"),
    phrase("ended while nobody saw it", "ContainerStatusUnknown", "Unknown"),
    phrase("failed", "Failed"),
)
