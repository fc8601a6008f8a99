"""Pods that run well, with the Service and the EndpointSlice in front of them."""

from __future__ import annotations

from bot.sandbox.scenarios.plain import Calendar, Plain, a_condition, an_object, letters

NODES = ("edge", "home-1", "home-2", "cabin-pi")
"""A VPS with the public address, two machines at home, and a Raspberry Pi somewhere else."""


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
    """A pod with one container, that runs since nine days; `number` gives its address."""
    since = times.ago(days=9, hours=number % 7)
    template = letters(f"{namespace}/{app}", 9)
    owned = f"{app}-{template}" if owner == "ReplicaSet" else app
    ports = [{"name": "http", "containerPort": port}] if port else []
    return an_object(
        "Pod",
        f"{owned}-{letters(f'{namespace}/{app}/{node}')}",
        namespace,
        born=since,
        labels={"app.kubernetes.io/name": app, "app.kubernetes.io/instance": app, **(labels or {})},
        owner=(owner, owned),
        spec={
            "nodeName": node,
            "containers": [{"name": app, "image": image, "ports": ports, "args": args or []}],
            "volumes": [],
        },
        status={
            "phase": "Running",
            "podIP": f"10.42.{NODES.index(node)}.{number}",
            "startTime": since,
            "conditions": [
                a_condition(type_, since)
                for type_ in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
            ],
            "containerStatuses": [
                {
                    "name": app,
                    "ready": True,
                    "started": True,
                    "restartCount": 0,
                    "state": {"running": {"startedAt": since}},
                    "lastState": {},
                }
            ],
        },
    )


def a_service(pod: Plain, *, number: int, port: int = 80) -> tuple[Plain, Plain]:
    """The Service of a pod's app, and the EndpointSlice that the cluster made for it."""
    meta = pod["metadata"]
    app, namespace = meta["labels"]["app.kubernetes.io/name"], meta["namespace"]
    (target,) = pod["spec"]["containers"][0]["ports"]
    service = an_object(
        "Service",
        app,
        namespace,
        born=meta["creationTimestamp"],
        labels=dict(meta["labels"]),
        spec={
            "type": "ClusterIP",
            "clusterIP": f"10.43.12.{number}",
            "selector": {"app.kubernetes.io/instance": app},
            "ports": [{"name": "http", "port": port, "targetPort": "http", "protocol": "TCP"}],
        },
        status={"loadBalancer": {}},
    )
    endpoint = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": True, "serving": True, "terminating": False},
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": {"kind": "Pod", "namespace": namespace, "name": meta["name"]},
    }
    slice_ = an_object(
        "EndpointSlice",
        f"{app}-{letters(app)}",
        namespace,
        api="discovery.k8s.io/v1",
        born=meta["creationTimestamp"],
        labels={"kubernetes.io/service-name": app},
        owner=("Service", app),
        addressType="IPv4",
        endpoints=[endpoint],
        ports=[{"name": "http", "port": target["containerPort"], "protocol": "TCP"}],
    )
    return service, slice_
