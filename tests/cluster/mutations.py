"""A write with one field more, for each field that the API server's own schema has.

The schema says which fields there are, and of what shape; `SAMPLES` has values where any value of
the shape would not be taken, and the ones that a thief would choose.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
Place = tuple[str | int, ...]

CSI = {"csi": {"driver": "a.example"}}
TOKEN = {"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
A_PROBE = {"exec": {"command": ["id"]}}
A_TERM = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {}}
SAMPLES: Mapping[str, tuple[Any, ...]] = {
    "volumes": (
        [{"name": "a", "emptyDir": {}}],
        [{"name": "a", "emptyDir": {"medium": "Memory"}}],
        [{"name": "a", **CSI}],
        [{"name": "a", **TOKEN}],
        [{"name": "a", "hostPath": {"path": "/"}}],
        [{"name": "a", "secret": {"secretName": "a"}}],
        [{"name": "a", "configMap": {"name": "kube-root-ca.crt"}}],
        [{"name": "a", "persistentVolumeClaim": {"claimName": "a"}}],
        [{"name": "a", "nfs": {"server": "a.example", "path": "/"}}],
        [{"name": "a", "image": {"reference": "a"}}],
    ),
    "priorityClassName": ("system-node-critical", "system-cluster-critical"),
    "schedulerName": ("another",),
    "runtimeClassName": ("another",),
    "initContainers": ([{"name": "first", "image": "a"}],),
    "ephemeralContainers": ([{"name": "late", "image": "a"}],),
    "tolerations": ([{"operator": "Exists"}, {"key": "a", "operator": "Exists"}],),
    "hostAliases": ([{"ip": "192.0.2.1", "hostnames": ["a.example"]}],),
    "readinessGates": ([{"conditionType": "a.example/b"}],),
    "topologySpreadConstraints": (
        [{"maxSkew": 1, "topologyKey": "a", "whenUnsatisfiable": "DoNotSchedule"}],
    ),
    "preemptionPolicy": ("Never",),
    "dnsConfig": ({"nameservers": ["192.0.2.1"]},),
    "overhead": ({"cpu": "1"},),
    "os": ({"name": "linux"},),
    "affinity": (
        {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [A_TERM]}},
    ),
    "imagePullSecrets": ([{"name": "a"}],),
    "resourceClaims": ([{"name": "a", "resourceClaimName": "b"}],),
    "schedulingGates": ([{"name": "a.example/b"}],),
    "env": ([{"name": "A", "value": "b"}],),
    "envFrom": ([{"configMapRef": {"name": "a"}}], [{"secretRef": {"name": "a"}}]),
    "livenessProbe": (A_PROBE,),
    "readinessProbe": (A_PROBE,),
    "startupProbe": (A_PROBE,),
    "lifecycle": ({"preStop": {"exec": {"command": ["id"]}}},),
    "volumeMounts": ([{"name": "a", "mountPath": "/a"}],),
    "volumeDevices": ([{"name": "a", "devicePath": "/a"}],),
    "restartPolicy": ("Always",),
    "restartPolicyRules": (
        [{"action": "Restart", "exitCodes": {"operator": "In", "values": [1]}}],
    ),
    "resizePolicy": ([{"resourceName": "cpu", "restartPolicy": "NotRequired"}],),
    "workingDir": ("/a",),
    "supplementalGroupsPolicy": ("Merge",),
    "fsGroupChangePolicy": ("Always",),
    "procMount": ("Default",),
    "seLinuxOptions": ({"level": "s0"},),
    "seLinuxChangePolicy": ("Recursive",),
    "appArmorProfile": ({"type": "Unconfined"},),
    "seccompProfile": ({"type": "Unconfined"},),
    "windowsOptions": ({"hostProcess": True},),
    "sysctls": ([{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}],),
    "add": (["NET_RAW"], ["SYS_ADMIN"]),
    "finalizers": (["a.example/b"],),
    "ownerReferences": ([{"apiVersion": "v1", "kind": "Node", "name": "here", "uid": "a"}],),
    "annotations": (
        {"external-dns.alpha.kubernetes.io/hostname": "bank.example"},
        {"nginx.ingress.kubernetes.io/server-snippet": "return 200;"},
        {"service.beta.kubernetes.io/aws-load-balancer-internal": "true"},
    ),
    "labels": ({"a.example/b": "c"},),
    "externalIPs": (["192.0.2.1"], ["8.8.8.8"]),
    "externalName": ("bank.example",),
    "loadBalancerIP": ("192.0.2.1",),
    "loadBalancerSourceRanges": (["192.0.2.0/24"],),
    "loadBalancerClass": ("a.example/b",),
    "externalTrafficPolicy": ("Local",),
    "internalTrafficPolicy": ("Local",),
    "trafficDistribution": ("PreferClose",),
    "sessionAffinity": ("ClientIP",),
    "sessionAffinityConfig": ({"clientIP": {"timeoutSeconds": 60}},),
    "clusterIPs": (["None"],),
    "clusterIP": ("None",),
    "selector": ({"app": "web"},),
    "appProtocol": ("a.example/b",),
    "nodePort": (30123,),
    "protocol": ("UDP",),
    "targetPort": (22,),
    "targetRef": ({"kind": "Pod", "name": "web", "namespace": "apps"},),
    "hints": ({"forZones": [{"name": "a"}]},),
    "deprecatedTopology": ({"a": "b"},),
    "podFailurePolicy": (
        {"rules": [{"action": "Ignore", "onExitCodes": {"operator": "In", "values": [1]}}]},
    ),
    "successPolicy": ({"rules": [{"succeededCount": 1}]},),
    "completionMode": ("Indexed",),
    "podReplacementPolicy": ("Failed",),
    "managedBy": ("a.example/b",),
    "parallelism": (2,),
    "completions": (2,),
    "limits": ({"ephemeral-storage": "1Ti"}, {"cpu": "64"}, {"memory": "1Ti"}),
    "requests": ({"ephemeral-storage": "1Ti"},),
    "binaryData": ({"a": "Yg=="},),
    "match": ("Host(`bank.example`)",),
    "preferredHolder": ("another",),
    "strategy": ("OldestEmulationVersion",),
    "related": ({"kind": "Pod", "name": "a"},),
    "series": ({"count": 1, "lastObservedTime": "2026-01-31T12:00:00.000000Z"},),
    "eventTime": ("2026-01-31T12:00:00.000000Z",),
    "defaultBackend": ({"service": {"name": "precious", "port": {"number": 80}}},),
    "middlewares": ([{"name": "auth", "namespace": "bank"}],),
    "options": ({"name": "weak", "namespace": "bank"},),
    "serversTransport": ("bank-insecure@kubernetescrd",),
    "ingressClassName": ("nginx",),
    "store": ({"name": "default"},),
}
"""By the name of a field: what is put there."""

SERVERS_OWN = frozenset(
    {
        *("apiVersion", "kind", "status", "managedFields", "uid", "resourceVersion", "generation"),
        *("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"),
        *("name", "namespace", "generateName"),
    }
)
"""Fields that the API server sets by itself, and the object's name, which is changed elsewhere."""

DEEPEST = 9


@dataclass(frozen=True)
class Mutation:
    """A body that differs from what the code sends in one place."""

    place: Place
    value: Any
    body: Any

    @property
    def title(self) -> str:
        """The place and what stands there."""
        return f"{'.'.join(map(str, self.place))}={str(self.value)[:60]}"


def additions(body: Any, schemas: Schema, schema: Schema) -> Iterator[Mutation]:
    """The body with each field more that its schema knows, at every depth."""
    for place, value in _absent(body, schemas, schema, ()):
        yield Mutation(place, value, changed(body, *place, to=value))


def changed(body: dict[str, Any], *place: str | int, to: Any) -> dict[str, Any]:
    """The body with another value in one place; None takes it out."""
    copied = copy.deepcopy(body)
    at: Any = copied
    for key in place[:-1]:
        at = at.setdefault(key, {}) if isinstance(at, dict) else at[key]
    if to is None:
        del at[place[-1]]
    else:
        at[place[-1]] = to
    return copied


def found(body: Any, place: Place) -> Any:
    """What stands at a place of an answer; None where nothing does."""
    for key in place:
        try:
            body = body[key]
        except (KeyError, IndexError, TypeError):
            return None
    return body


def _absent(body: Any, schemas: Schema, schema: Schema, at: Place) -> Iterator[tuple[Place, Any]]:
    schema = _resolved(schemas, schema)
    if len(at) > DEEPEST:
        return
    if isinstance(body, list):
        for number, item in enumerate(body):
            yield from _absent(item, schemas, schema.get("items", {}), (*at, number))
    if not isinstance(body, dict):
        return
    for name, below in schema.get("properties", {}).items():
        if name in SERVERS_OWN and not (at and at[-1] == "options"):
            continue
        if name in body and isinstance(body[name], dict | list) and name != "labels":
            yield from _absent(body[name], schemas, below, (*at, name))
        elif name not in body or name in SAMPLES:
            for value in SAMPLES.get(name) or (_sample(schemas, below),):
                yield (*at, name), value


def _sample(schemas: Schema, schema: Schema, depth: int = 0) -> Any:
    """The least value of a shape that is not the empty one."""
    schema = _resolved(schemas, schema)
    if enum := schema.get("enum"):
        return enum[0]
    if schema.get("x-kubernetes-int-or-string"):
        return 1
    match schema.get("type"):
        case "boolean":
            return True
        case "integer" | "number":
            return max(1, schema.get("minimum", 1))
        case "array":
            return [_sample(schemas, schema.get("items", {}), depth + 1)]
        case "object" if depth < DEEPEST:
            wanted = schema.get("required", ())
            properties = schema.get("properties", {})
            made = {name: _sample(schemas, properties[name], depth + 1) for name in wanted}
            if made or properties:
                return made
            return {"a": _sample(schemas, schema.get("additionalProperties") or {}, depth + 1)}
        case _:
            return "a"


def _resolved(schemas: Schema, schema: Schema) -> Schema:
    while True:
        if reference := schema.get("$ref"):
            schema = schemas[reference.rpartition("/")[2]]
        elif parts := schema.get("allOf"):
            schema = parts[0]
        elif choices := schema.get("oneOf"):
            schema = choices[0]
        else:
            return schema
