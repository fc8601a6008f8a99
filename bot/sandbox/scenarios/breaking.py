"""Ways in which something breaks: changes of a healthy homelab, in place."""

from __future__ import annotations

from bot.sandbox.scenarios.plain import Plain, a_condition, an_object, letters
from bot.sandbox.scenarios.scenario import Homelab


def not_ready(
    each: Plain, since: str, reason: str, message: str, *, status: str = "False"
) -> Plain:
    """Let an object's Ready condition say why it is not; gives the object."""
    kept = [other for other in each["status"]["conditions"] if other["type"] != "Ready"]
    said = a_condition("Ready", since, status=status, reason=reason, message=message)
    each["status"]["conditions"] = [*kept, said]
    return each


def unready(lab: Homelab, pod: Plain, since: str, *, reason: str = "", message: str = "") -> None:
    """A pod is not ready any more, and so no ready endpoint."""
    for type_ in ("ContainersReady", "Ready"):
        for condition in pod["status"]["conditions"]:
            if condition["type"] == type_:
                said = {"reason": reason, "message": message}
                condition.update(status="False", lastTransitionTime=since, **said)
    for slice_ in lab.of("EndpointSlice"):
        for endpoint in slice_["endpoints"]:
            if endpoint["targetRef"]["name"] == pod["metadata"]["name"]:
                endpoint["conditions"] = {"ready": False, "serving": False, "terminating": False}


def waits(
    lab: Homelab,
    pod: Plain,
    since: str,
    *,
    reason: str,
    message: str,
    last: Plain | None = None,
    restarts: int = 0,
) -> None:
    """A pod's only container waits; `last` is its `terminated` state of the time before."""
    (container,) = pod["status"]["containerStatuses"]
    container.update(
        ready=False,
        started=False,
        restartCount=restarts,
        state={"waiting": {"reason": reason, "message": message}},
        lastState={"terminated": last} if last else {},
    )
    said = f"containers with unready status: [{container['name']}]"
    unready(lab, pod, since, reason="ContainersNotReady", message=said)


def tell(
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
    """An event about an object, seen `count` times, the last time so many minutes ago."""
    meta = about["metadata"]
    place = meta.get("namespace", "default")
    last = lab.times.ago(minutes=minutes)
    first = lab.times.ago(minutes=minutes + 10 * (count - 1))
    event = an_object(
        "Event",
        f"{meta['name'][:200]}.{letters(reason + message, 16)}",
        place,
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
        lastTimestamp=last,
        source={"component": source},
    )
    lab.add(event)


def unsynced(lab: Homelab, namespace: str, name: str, since: str, why: str) -> Plain:
    """An ExternalSecret that cannot be synced any more, with its event; gives it."""
    external = lab.get("ExternalSecret", namespace, name)
    not_ready(
        external, since, "SecretSyncedError", f"could not get secret data from provider: {why}"
    )
    external["status"]["refreshTime"] = since
    tell(
        lab,
        external,
        "UpdateFailed",
        f"error retrieving secret at .data[0], key: homelab/{name}, err: {why}",
        count=7,
        source="external-secrets",
    )
    return external
