"""Pods that run well, with the Service and the EndpointSlice in front of them."""

from __future__ import annotations

from bot.sandbox.scenarios.plain import Calendar, Plain, a_condition, an_object, letters

NODES = ("edge", "home-1", "home-2", "cabin-pi")
"""A VPS with the public address, two machines at home, and a Raspberry Pi somewhere else."""

CONDITIONS = ("PodScheduled", "Initialized", "ContainersReady", "Ready")


def a_pod(
    times: Calendar,
    app: str,
    namespace: str,
    *,
    node: str,
    number: int,
    image: str,
    port: int = 0,
    labels: dict[str, str] | None = None,
    args: list[str] | None = None,
    owner: str = "ReplicaSet",
) -> Plain:
    """A pod with one container that has run for nine days; `number` ends its address."""
    since = times.ago(days=9, hours=number % 7)
    template = letters(f"{namespace}/{app}", 9)
    owned = f"{app}-{template}" if owner == "ReplicaSet" else app
    ports = [{"name": "http", "containerPort": port}] if port else []
    container = {"name": app, "image": image, "ports": ports, "args": args or []}
    container_status = {
        "name": app,
        "ready": True,
        "started": True,
        "restartCount": 0,
        "state": {"running": {"startedAt": since}},
        "lastState": {},
    }
    return an_object(
        "Pod",
        f"{owned}-{letters(f'{namespace}/{app}/{node}')}",
        namespace,
        born=since,
        labels={"app.kubernetes.io/name": app, "app.kubernetes.io/instance": app, **(labels or {})},
        owner=(owner, owned),
        spec={"nodeName": node, "containers": [container], "volumes": []},
        status={
            "phase": "Running",
            "podIP": f"10.42.{NODES.index(node)}.{number}",
            "startTime": since,
            "conditions": [a_condition(type_, since) for type_ in CONDITIONS],
            "containerStatuses": [container_status],
        },
    )


def a_service(pod: Plain, *, number: int, port: int = 80) -> tuple[Plain, Plain]:
    """The Service of a pod's app, and the EndpointSlice that the cluster made for it."""
    meta = pod["metadata"]
    app, namespace = meta["labels"]["app.kubernetes.io/name"], meta["namespace"]
    born = meta["creationTimestamp"]
    (target,) = pod["spec"]["containers"][0]["ports"]
    spec = {
        "type": "ClusterIP",
        "clusterIP": f"10.43.12.{number}",
        "selector": {"app.kubernetes.io/instance": app},
        "ports": [{"name": "http", "port": port, "targetPort": "http", "protocol": "TCP"}],
    }
    status: Plain = {"loadBalancer": {}}
    labels = dict(meta["labels"])
    service = an_object(
        "Service", app, namespace, born=born, labels=labels, spec=spec, status=status
    )
    endpoint = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": True, "serving": True, "terminating": False},
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": {"kind": "Pod", "namespace": namespace, "name": meta["name"]},
    }
    endpoint_slice = an_object(
        "EndpointSlice",
        f"{app}-{letters(app)}",
        namespace,
        born=born,
        labels={"kubernetes.io/service-name": app},
        owner=("Service", app),
        addressType="IPv4",
        endpoints=[endpoint],
        ports=[{"name": "http", "port": target["containerPort"], "protocol": "TCP"}],
    )
    return service, endpoint_slice
