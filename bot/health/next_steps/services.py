"""Next steps for Services and what serves them."""

from collections.abc import Mapping

from bot.health.next_steps.template import Table, step

PODS = "kubectl -n {namespace} get pods --show-labels"
SERVICE = "kubectl -n {namespace} describe service {name}"
SLICES = "kubectl -n {namespace} get endpointslices -l kubernetes.io/service-name={name} -o yaml"

UNREADY = (
    step(
        "Look at pod {Pod}, which is not ready.",
        "kubectl -n {Pod_namespace} describe pod {Pod}",
    ),
    step("See which of its pods are not ready, and why.", SERVICE, PODS),
)

ENDPOINTS: Table = {
    "NoReadyEndpoints": UNREADY,
    "OnlyTerminating": (
        step("Its pods are ending and none takes their place. See what owns them.", PODS),
    ),
    "ScaledToZero": (
        step(
            "Nothing has to be done if that is meant; else raise its replicas in Git.",
            "kubectl -n {namespace} get deployments,statefulsets",
        ),
    ),
    "NoPods": (
        step(
            "Compare its selector with the labels of the pods; where the workload has 0 replicas, "
            "scale it up in Git.",
            SERVICE,
            PODS,
        ),
    ),
    "TargetPortNotExposed": (
        step(
            "Correct targetPort of the Service, or the name of the container's port, in Git.",
            SERVICE,
        ),
    ),
    "PortNamesDiffer": (
        step("Give the ports of the Service and of its EndpointSlices the same names.", SLICES),
    ),
    "NoAddress": (
        step(
            "Look at pod {Pod}, which should give it its address.",
            "kubectl -n {Pod_namespace} describe pod {Pod}",
        ),
        step(
            "See whether anything here gives addresses: k3s's ServiceLB (its pods are called "
            "svclb-…), MetalLB or kube-vip.",
            "kubectl get pods -A -l svccontroller.k3s.cattle.io/svcname={name} -o wide",
            SERVICE,
        ),
    ),
    "EndpointSlicesNotSeen": (
        step("Let the bot read EndpointSlices; `/doctor` says what it may not read."),
    ),
}

ELDER: Table = dict.fromkeys(
    ("NotReady", "NoAddresses", "OnlyTerminating"),
    (
        step(
            "Find out why the pods of the Service of that name are not ready.",
            "kubectl -n {namespace} get pods,endpointslices",
        ),
    ),
)

TABLES: Mapping[str, Table] = {
    "endpoints": ENDPOINTS,
    "endpoints-elder": ELDER,
    "endpoint-slices": ELDER,
}
