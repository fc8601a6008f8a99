"""What people know an object by: the workload of a pod, the site of a route, a Certificate."""

from __future__ import annotations

from bot.domain.finding import Ref
from bot.domain.grouping import grouped
from bot.domain.resources import apps, batch, cert_manager, discovery, external_secrets
from bot.domain.resources.base import Object
from bot.domain.situation.noun import SITE
from bot.domain.snapshot import Snapshot
from bot.health import issuance
from bot.routing.service_endpoints import SERVICE_NAME
from bot.sites.domain.hosts import site_rules

HASH = "pod-template-hash"
"""The label by which a pod names the end of its ReplicaSet's name.

Source: the Deployment controller names a ReplicaSet after its Deployment and this hash."""


def workload(resource: Object, snapshot: Snapshot) -> Ref | None:
    """What people deployed: what controls a pod, a ReplicaSet or a Job, up to the last one."""
    owner = resource.controller
    if owner is None or owner.kind == "Node":
        return None
    if owner.kind == "ReplicaSet":
        return _deployment(resource, owner, snapshot) or owner
    job = snapshot.get(batch.Job, owner.namespace, owner.name) if owner.kind == "Job" else None
    return (job.controller if job else None) or owner


def _deployment(pod: Object, replica_set: Ref, snapshot: Snapshot) -> Ref | None:
    """By the ReplicaSet's owner; where it was not read, by the pod's hash or the Deployment."""
    known = snapshot.get(apps.ReplicaSet, replica_set.namespace, replica_set.name)
    if known:
        return known.controller
    name, _, end = replica_set.name.rpartition("-")
    deployment = Ref("Deployment", replica_set.namespace, name)
    named = (pod.metadata.labels or {}).get(HASH) == end
    there = snapshot.get(apps.Deployment, deployment.namespace, name)
    return deployment if name and end and (named or there) else None


def certificate(resource: Object, snapshot: Snapshot) -> Ref | None:
    """The Certificate that a request, an order or a challenge is for."""
    if isinstance(resource, cert_manager.CertificateRequest):
        name = issuance.certificate_of(resource)
        return Ref("Certificate", resource.namespace, name) if name else None
    kinds: dict[str, type[Object]] = {
        "CertificateRequest": cert_manager.CertificateRequest,
        "Order": cert_manager.Order,
    }
    for owner in resource.metadata.owner_references or ():
        kind = kinds.get(owner.kind) if owner.kind != resource.kind_name() else None
        parent = snapshot.get(kind, resource.namespace, owner.name) if kind else None
        if parent and (name_of := certificate(parent, snapshot)):
            return name_of
    return None


def secret(resource: Object, _: Snapshot) -> Ref | None:
    """The Secret that an ExternalSecret writes."""
    if not isinstance(resource, external_secrets.ExternalSecret):
        return None
    return Ref("Secret", resource.namespace, resource.spec.target.name or resource.name)


def service(resource: Object, _: Snapshot) -> Ref | None:
    """The Service of an EndpointSlice, or of Endpoints."""
    named = (resource.metadata.labels or {}).get(SERVICE_NAME, "")
    name = named if isinstance(resource, discovery.EndpointSlice) else resource.name
    return Ref("Service", resource.namespace, name) if name else None


def site(route: Object, snapshot: Snapshot) -> Ref | None:
    """The first host of a route; None for one without a host, or with patterns alone."""
    hosts = snapshot.once("health.hosts_of_routes", lambda: _hosts(snapshot))
    named = next(iter(hosts.get(route.ref, ())), "")
    return Ref(SITE, route.namespace, named) if named else None


def _hosts(snapshot: Snapshot) -> dict[Ref, list[str]]:
    return grouped(
        (rule.route, rule.host)
        for rule in site_rules(snapshot).rules
        if rule.host.replace(".", "").replace("-", "").isalnum() and "." in rule.host
    )
