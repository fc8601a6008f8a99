"""Faults in plain workloads, each in a namespace of its own, and workloads that are well.

Each is to be named with its cause, and nothing is to be remarked on those that are well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.nodes.manifests import Object

IMAGE = "localhost/busybox:1"
SLEEP = "sleep 100000"
SERVE = "mkdir -p /tmp/w && echo ok >/tmp/w/index.html && exec httpd -f -p 8080 -h /tmp/w"
HTTP = [{"containerPort": 8080, "name": "http"}]


@dataclass(frozen=True)
class WorkloadFault:
    """A fault by the name of its namespace, and a pattern that the report of it must hold."""

    name: str
    says: str
    objects: Sequence[Object]
    labels: Mapping[str, str] | None = None
    deleted: bool = False
    """Whether the namespace is deleted once it is made."""


def container(command: str = SLEEP, name: str = "main", **more: object) -> Object:
    """A container that runs a line of shell."""
    pulled = {"image": IMAGE, "imagePullPolicy": "IfNotPresent"}
    return {"name": name, **pulled, "command": ["sh", "-c", command], **more}


def pod(*containers: Object, **more: object) -> Object:
    """The spec of a pod that ends quickly."""
    return {"terminationGracePeriodSeconds": 1, "containers": containers or [container()], **more}


def workload(kind: str, spec: Object, name: str = "app", **more: object) -> Object:
    """A Deployment, StatefulSet or DaemonSet of a pod's spec."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": spec}
    own: Object = {"progressDeadlineSeconds": 120} if kind == "Deployment" else {}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": labels}, "template": template, **own, **more},
    }


def deployment(*containers: Object, **more: object) -> Object:
    """A Deployment of one pod of these containers."""
    return workload("Deployment", pod(*containers, **more))


def job(command: str, **more: object) -> Object:
    """The spec of a Job."""
    return {"template": {"spec": pod(container(command), restartPolicy="Never")}, **more}


def kind(api_version: str, name: str, object_name: str, **more: object) -> Object:
    """An object of any kind."""
    return {"apiVersion": api_version, "kind": name, "metadata": {"name": object_name}, **more}


def cron_job(name: str, command: str, **more: object) -> Object:
    """A CronJob that runs each minute."""
    spec = {"schedule": "* * * * *", "jobTemplate": {"spec": job(command, **more)}}
    return kind("batch/v1", "CronJob", name, spec={**spec, "failedJobsHistoryLimit": 1})


def service(name: str = "app", target: object = 8080, **more: object) -> Object:
    """A Service on port 80 of the pods of that name."""
    ports = [{"name": "http", "port": 80, "targetPort": target}]
    return kind("v1", "Service", name, spec={"selector": {"app": name}, "ports": ports, **more})


def volume(source: Object) -> Mapping[str, object]:
    """What a pod needs to mount it; the container has to mount it by the name `data`."""
    return {"volumes": [{"name": "data", **source}]}


MOUNTED = container(volumeMounts=[{"name": "data", "mountPath": "/data"}])
FROM_SETTINGS = {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "a"}}}
SMALL_MEMORY = {"limits": {"memory": "24Mi"}, "requests": {"memory": "16Mi"}}
READINESS = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 3}
LIVENESS = {
    "exec": {"command": ["false"]},
    "periodSeconds": 3,
    "failureThreshold": 1,
    "initialDelaySeconds": 1,
}
CLAIM = kind(
    "v1",
    "PersistentVolumeClaim",
    "data",
    spec={
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "fast-ssd",
        "resources": {"requests": {"storage": "1Gi"}},
    },
)
SCALED = kind(
    "autoscaling/v2",
    "HorizontalPodAutoscaler",
    "app",
    spec={
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "gone"},
        "maxReplicas": 3,
    },
)
HELD = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "held", "finalizers": ["example.com/cleanup"]},
}
ROUTE = kind(
    "networking.k8s.io/v1",
    "Ingress",
    "web",
    spec={
        "ingressClassName": "traefik",
        "rules": [
            {
                "host": "nowhere.lab.example.org",
                "http": {
                    "paths": [
                        {
                            "path": "/",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": "nope", "port": {"number": 80}}},
                        }
                    ]
                },
            }
        ],
    },
)

FAULTS = (
    WorkloadFault("crash", "exit code 3", [deployment(container("echo no database; exit 3"))]),
    WorkloadFault(
        "memory",
        "OOMKilled",
        [deployment(container("x=a; while true; do x=$x$x; done", resources=SMALL_MEMORY))],
    ),
    WorkloadFault(
        "pull",
        "ErrImagePull|ImagePullBackOff",
        [deployment(container(image="registry.invalid/none/none:1", imagePullPolicy="Always"))],
    ),
    WorkloadFault(
        "config",
        r"configmap \W{1,3}settings\W{1,3} not found",
        [deployment(container(env=[FROM_SETTINGS]))],
    ),
    WorkloadFault(
        "init-fails",
        "migrate ended.{0,80}exit code 1",
        [deployment(initContainers=[container("echo migration failed; exit 1", "migrate")])],
    ),
    WorkloadFault(
        "init-waits",
        "wait-for-db",
        [deployment(initContainers=[container("until false; do sleep 2; done", "wait-for-db")])],
    ),
    WorkloadFault(
        "readiness",
        "(?i:readiness|not ready)",
        [deployment(container(readinessProbe=READINESS)), service()],
    ),
    WorkloadFault(
        "claim",
        "fast-ssd",
        [
            CLAIM,
            deployment(MOUNTED, **volume({"persistentVolumeClaim": {"claimName": "data"}})),
        ],
    ),
    WorkloadFault(
        "pod-security",
        "violates PodSecurity",
        [deployment(container(securityContext={"privileged": True}))],
        {"pod-security.kubernetes.io/enforce": "restricted"},
    ),
    WorkloadFault(
        "quota",
        "exceeded quota",
        [
            kind("v1", "ResourceQuota", "small", spec={"hard": {"pods": "1"}}),
            workload("Deployment", pod(), replicas=3),
        ],
    ),
    WorkloadFault("autoscaler", "(?i:gone|not found)", [SCALED]),
    WorkloadFault(
        "stateful-set",
        "headless-gone",
        [workload("StatefulSet", pod(), serviceName="headless-gone")],
    ),
    WorkloadFault("namespace", "example.com/cleanup", [HELD], deleted=True),
    WorkloadFault(
        "job",
        "exit code 7",
        [kind("batch/v1", "Job", "import", spec=job("exit 7", backoffLimit=1))],
    ),
    WorkloadFault("cron-job", "exit code 2", [cron_job("backup", "exit 2", backoffLimit=0)]),
    WorkloadFault("ingress", "nope does not exist", [ROUTE]),
    WorkloadFault(
        "selector",
        "app=other|matches no pod",
        [deployment(container(SERVE)), service(selector={"app": "other"})],
    ),
    WorkloadFault(
        "target-port",
        "port named web",
        [deployment(container(SERVE, ports=HTTP)), service(target="web")],
    ),
    WorkloadFault(
        "scaled-to-zero",
        "(?i:scaled to|0 replicas|matches no pod)",
        [workload("Deployment", pod(container(SERVE)), replicas=0), service()],
    ),
    WorkloadFault(
        "load-balancer",
        "(?i:load balancer)",
        [deployment(container(SERVE)), service(type="LoadBalancer")],
    ),
    WorkloadFault(
        "no-room",
        "Insufficient memory",
        [deployment(container(resources={"requests": {"memory": "900Gi"}}))],
    ),
    WorkloadFault(
        "no-secret",
        "tls-gone",
        [deployment(MOUNTED, **volume({"secret": {"secretName": "tls-gone"}}))],
    ),
    WorkloadFault("liveness", "(?i:liveness|137)", [deployment(container(livenessProbe=LIVENESS))]),
    WorkloadFault(
        "no-program",
        "/no/such/binary",
        [deployment({**container(), "command": ["/no/such/binary"]})],
    ),
    WorkloadFault(
        "node-selector",
        "(?i:affinity|selector)",
        [
            workload("StatefulSet", pod(nodeSelector={"disk": "ssd"}), serviceName="app"),
            service(clusterIP="None"),
        ],
    ),
    WorkloadFault(
        "sidecar", "exporter", [deployment(container(), container("exit 1", "exporter"))]
    ),
    WorkloadFault(
        "service-account",
        "(?i:service ?account.{0,40}gone)",
        [deployment(serviceAccountName="gone")],
    ),
    WorkloadFault("daemon-set", "exit code 4", [workload("DaemonSet", pod(container("exit 4")))]),
)

HEALTHY = (
    workload("Deployment", pod(container(SERVE, ports=HTTP, readinessProbe=READINESS)), replicas=2),
    service(),
    workload("DaemonSet", pod(), "each"),
    workload("Deployment", pod(), "zero", replicas=0),
    workload("StatefulSet", pod(), "state", serviceName="state"),
    service("state", clusterIP="None"),
    kind("batch/v1", "Job", "done", spec=job("true")),
    cron_job("each-minute", "true"),
    kind("v1", "Service", "outside", spec={"type": "ExternalName", "externalName": "example.com"}),
)
