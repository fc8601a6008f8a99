"""Ways in which something breaks: changes of a healthy homelab, in place."""

from __future__ import annotations

from bot.sandbox.scenarios.apps import APPS, a_route
from bot.sandbox.scenarios.plain import Plain, a_condition, an_object, letters
from bot.sandbox.scenarios.scenario import Homelab
from bot.sandbox.scenarios.workloads import recount


def set_not_ready(
    manifest: Plain, since: str, reason: str, message: str, *, status: str = "False"
) -> Plain:
    """Let an object's Ready condition say why it is not; returns the object."""
    conditions = manifest["status"]["conditions"]
    ready = a_condition("Ready", since, status=status, reason=reason, message=message)
    others = [condition for condition in conditions if condition["type"] != "Ready"]
    manifest["status"]["conditions"] = [*others, ready]
    return manifest


def set_pod_unready(
    lab: Homelab, pod: Plain, since: str, *, reason: str = "", message: str = ""
) -> None:
    """Let a pod be unready, and so no ready endpoint either, nor part of its workload."""
    for condition in pod["status"]["conditions"]:
        if condition["type"] in ("ContainersReady", "Ready"):
            condition.update(
                status="False", lastTransitionTime=since, reason=reason, message=message
            )
    for endpoint_slice in lab.of("EndpointSlice"):
        for endpoint in endpoint_slice["endpoints"]:
            if endpoint["targetRef"]["name"] == pod["metadata"]["name"]:
                endpoint["conditions"] = {"ready": False, "serving": False, "terminating": False}
    recount(lab, pod, since)


def set_waiting(
    lab: Homelab,
    pod: Plain,
    since: str,
    *,
    reason: str = "CrashLoopBackOff",
    message: str,
    last: Plain | None = None,
    restarts: int = 0,
) -> None:
    """Let a pod's only container wait; `last` is the `terminated` state of the run before."""
    (container,) = pod["status"]["containerStatuses"]
    container.update(
        ready=False,
        started=False,
        restartCount=restarts,
        state={"waiting": {"reason": reason, "message": message}},
        lastState={"terminated": last} if last else {},
    )
    unready = f"containers with unready status: [{container['name']}]"
    set_pod_unready(lab, pod, since, reason="ContainersNotReady", message=unready)


def add_event(
    lab: Homelab,
    about: Plain,
    reason: str,
    message: str,
    *,
    minutes: float = 3,
    count: int = 1,
    normal: bool = False,
    source: str = "kubelet",
) -> None:
    """Add an event about an object, seen `count` times, the last time `minutes` ago."""
    meta = about["metadata"]
    first = lab.times.ago(minutes=minutes + 10 * (count - 1))
    event = an_object(
        "Event",
        f"{meta['name'][:200]}.{letters(reason + message, 16)}",
        meta.get("namespace", "default"),
        born=first,
        involvedObject={
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "name": meta["name"],
            "namespace": meta.get("namespace", ""),
        },
        type="Normal" if normal else "Warning",
        reason=reason,
        message=message,
        count=count,
        firstTimestamp=first,
        lastTimestamp=lab.times.ago(minutes=minutes),
        source={"component": source},
    )
    lab.add(event)


def replace_route(lab: Homelab, name: str, *, service: str) -> Plain:
    """Let the IngressRoute of an app name another Service; returns the new route."""
    (app,) = (app for app in APPS if app.name == name)
    lab.drop("IngressRoute", app.namespace, app.name)
    route = a_route(lab.times, app, service=service)
    lab.add(route)
    return route


def set_unsynced(lab: Homelab, namespace: str, name: str, since: str, why: str) -> None:
    """Let an ExternalSecret fail to sync since then, with its event."""
    external = lab.get("ExternalSecret", namespace, name)
    unread = f"could not get secret data from provider: {why}"
    set_not_ready(external, since, "SecretSyncedError", unread)
    external["status"]["refreshTime"] = since
    message = f"error retrieving secret at .data[0], key: homelab/{name}, err: {why}"
    add_event(lab, external, "UpdateFailed", message, count=7, source="external-secrets")
