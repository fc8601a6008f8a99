"""Next steps for pods. Source: the kubelet's reasons for waiting and terminated containers."""

from collections.abc import Mapping

from bot.health.next_steps.template import Table, step

DESCRIBE = "kubectl -n {namespace} describe pod {name}"
EVENTS = "kubectl -n {namespace} get events --field-selector involvedObject.name={name}"
LOG = "kubectl -n {namespace} logs {name} -c {container}"
PREVIOUS = f"{LOG} --previous"

KILLED = (
    step(
        "Container {killed} was killed at its memory limit of {limit}. "
        "Raise resources.limits.memory in Git, or find what takes the memory.",
        "kubectl -n {namespace} top pod {name} --containers",
        when="OOMKilled",
    ),
    step(
        "The kernel killed it for lack of memory. Set a memory limit and request that fit in Git, "
        "and see what else takes memory on the node.",
        "kubectl -n {namespace} top pod {name} --containers",
        "kubectl describe node {Node}",
        when="OOMKilled",
    ),
)
"""A container that ran out of memory, whatever the pod's own reason is."""

CRASHED = (
    *KILLED,
    step("Read what container {container} wrote before it ended.", PREVIOUS),
    step("Read what its containers wrote before they ended.", DESCRIBE),
)

ENDED = (
    *KILLED,
    step("Read what container {container} wrote before it ended.", LOG),
    step("See in its events and containers' states why it ended.", DESCRIBE),
)

PULL_SECRETS = "kubectl -n {namespace} get pod {name} -o jsonpath='{{.spec.imagePullSecrets}}'"

PULL = (
    step(
        "The registry refuses {image}. Check the pull Secret that the pod names, "
        "and that its account may read this image.",
        PULL_SECRETS,
        when=r"\b(?:401|403)\b|unauthori[sz]ed|denied|forbidden|authentication|authorization",
    ),
    step(
        "The registry has no {image}. Correct name and tag in Git.",
        when="not found|manifest unknown|does not exist|no match for platform",
    ),
    step(
        "The node cannot reach the registry of {image}. Check its DNS and network.",
        DESCRIBE,
        when="no such host|i/o timeout|dial tcp|connection refused|TLS handshake|x509|deadline",
    ),
    step(
        "The node limits or is limited in pulling {image}. Wait, or pull from a mirror.",
        when="429|too many requests|rate limit|QPS exceeded",
    ),
    step(
        "Check that {image} exists, and the pull Secret where its registry is private.",
        DESCRIBE,
        PULL_SECRETS,
    ),
    step(
        "Check the image's name and tag, and the pull Secret where its registry is private.",
        DESCRIBE,
        PULL_SECRETS,
    ),
)

CONFIG = (
    step(
        "Create Secret {secret}, or correct its name in Git. Where an ExternalSecret makes it, "
        "look at that.",
        "kubectl -n {namespace} get secret {secret}",
        "kubectl -n {namespace} get externalsecret",
        when='secret "[^"]+" not found',
    ),
    step(
        "Create ConfigMap {configmap}, or correct its name in Git.",
        "kubectl -n {namespace} get configmap {configmap}",
        when='configmap "[^"]+" not found',
    ),
    step(
        "The Secret or ConfigMap is there but lacks that key. Add the key, or correct its name in "
        "Git.",
        DESCRIBE,
        when="couldn't find key",
    ),
    step(
        "Set securityContext.runAsUser in Git to a number that is not 0, or take an image that "
        "does not run as root.",
        DESCRIBE,
        when="runAsNonRoot",
    ),
    step("Correct in Git what its message names of the container's settings.", DESCRIBE),
)

START = (
    step(
        "Correct command or entrypoint in Git: the image has no such program, or cannot run it.",
        DESCRIBE,
        when="executable file not found|no such file|permission denied|exec format error",
    ),
    step("Correct in Git what its message names of the container's command or mounts.", DESCRIBE),
)

UNSCHEDULABLE = (
    step(
        "Make the claim bind: see whether its StorageClass exists and its provisioner runs.",
        "kubectl -n {namespace} describe pvc {persistentvolumeclaim}",
        when="persistentvolumeclaim",
    ),
    step(
        "Make the claim bind: see whether its StorageClass exists and its provisioner runs.",
        "kubectl -n {namespace} get pvc",
        when="persistentvolumeclaim|volume",
    ),
    step(
        "Free resources, or lower the pod's requests in Git: no node has that much left.",
        "kubectl describe nodes",
        DESCRIBE,
        when="insufficient",
    ),
    step(
        "Allow it on a node: compare its nodeSelector, affinity and tolerations with the nodes.",
        "kubectl get nodes --show-labels",
        DESCRIBE,
        when="taint|affinity|selector|unschedulable|cordon",
    ),
    step("See in its message what each node lacks, and compare with the nodes.", DESCRIBE),
)

UNREADY = (
    *KILLED,
    step("See why {container} is not ready: its probe and its log say.", DESCRIBE, LOG),
    step(
        "See in its events why it is not ready: the readiness probe, a volume, or an image.",
        DESCRIBE,
    ),
)

NODE = (
    step(
        "Bring its node {Node} back, or delete the Node if it is gone for good.",
        "kubectl describe node {Node}",
    ),
    step("Find its node, and see whether that is Ready.", DESCRIBE),
)

EVICTED = (
    step(
        "See what the node ran short of, and set requests in Git that fit.",
        DESCRIBE,
        "kubectl describe node {Node}",
    ),
)

LEFTOVER = (
    step(
        "Nothing has to be done: it was replaced. Delete it to tidy up.",
        "kubectl -n {namespace} delete pod {name}",
        when="of its owner does well|A later run of",
    ),
)

POD: Table = {
    "CrashLoopBackOff": CRASHED,
    "OOMKilled": (*LEFTOVER, *KILLED),
    "Error": (*LEFTOVER, *ENDED),
    "Failed": (*LEFTOVER, *ENDED),
    "DeadlineExceeded": (
        *LEFTOVER,
        step(
            "It ran longer than activeDeadlineSeconds. See why it takes so long, or raise that in "
            "Git.",
            LOG,
            DESCRIBE,
        ),
    ),
    "ContainerStatusUnknown": ENDED,
    "ContainerCannotRun": START,
    "StartError": START,
    "RunContainerError": START,
    "CreateContainerError": START,
    "PreCreateHookError": START,
    "PreStartHookError": START,
    "PostStartHookError": (
        step("The postStart hook fails. Correct it in Git, or read its log.", PREVIOUS, DESCRIBE),
    ),
    "CreateContainerConfigError": CONFIG,
    "ImagePullBackOff": PULL,
    "ErrImagePull": PULL,
    "RegistryUnavailable": PULL,
    "ImageInspectError": PULL,
    "SignatureValidationFailed": (
        step(
            "The image is not signed as the node wants it. Sign it, or name one that is.", DESCRIBE
        ),
    ),
    "ErrImageNeverPull": (
        step(
            "imagePullPolicy is Never and the node has no such image. Load it there, or change the "
            "policy in Git.",
            DESCRIBE,
        ),
    ),
    "InvalidImageName": (step("Correct the image's name in Git: it cannot be parsed.", DESCRIBE),),
    "Unschedulable": UNSCHEDULABLE,
    "SchedulingGated": (
        step("See which scheduling gate holds it: its queue removes that.", DESCRIBE),
    ),
    "Evicted": (*LEFTOVER, *EVICTED),
    "NodeLost": NODE,
    "NodeShutdown": (*LEFTOVER, *NODE),
    "Terminated": (*LEFTOVER, *NODE),
    "UnexpectedAdmissionError": (*LEFTOVER, *EVICTED),
    "NodeAffinity": (*LEFTOVER, *UNSCHEDULABLE),
    "OutOfcpu": (*LEFTOVER, *EVICTED),
    "OutOfmemory": (*LEFTOVER, *EVICTED),
    "OutOfpods": (*LEFTOVER, *EVICTED),
    "NotReady": UNREADY,
    "ContainersNotReady": UNREADY,
    "ContainersNotInitialized": UNREADY,
    "PodInitializing": UNREADY,
    "ContainerCreating": (
        step(
            "See in its events what the node waits for: a volume, a Secret, or the network.",
            EVENTS,
        ),
    ),
    "SidecarRunsOn": (
        step(
            "Make {container} a native sidecar in Git: an init container with restartPolicy: "
            "Always.",
            LOG,
        ),
    ),
    "Terminating": (
        step(
            "Bring its node {Node} back, or delete the Node if it is gone for good. "
            "Delete the pod by force only if nothing of it can run on.",
            "kubectl describe node {Node}",
            when="is dead",
        ),
        step(
            "Look at the kubelet of node {Node}, which has to end it.",
            "kubectl describe node {Node}",
            when="kubelet of node",
        ),
    ),
}

TABLES: Mapping[str, Table] = {"pods": POD}
