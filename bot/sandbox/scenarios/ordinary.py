"""The ordinary bad day: several small faults of the runbook at once."""

from __future__ import annotations

from datetime import datetime

from bot.domain.verdict import Verdict
from bot.sandbox.network import Broken
from bot.sandbox.scenarios.apps import APPS, DOMAIN, App
from bot.sandbox.scenarios.breaking import add_event, replace_route, set_unsynced, set_waiting
from bot.sandbox.scenarios.homelab import DBG, healthy
from bot.sandbox.scenarios.issuance import renewal_failed
from bot.sandbox.scenarios.past import Past, Trouble
from bot.sandbox.scenarios.scenario import Homelab

UNREACHED = (
    f"acme: authorization error for nextcloud.{DOMAIN}: 400 urn:ietf:params:acme:error:connection: "
    "203.0.113.7: Fetching http://nextcloud." + DOMAIN + "/.well-known/acme-challenge/"
    "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0: Timeout during connect (likely firewall problem)"
)


REFUSED_FOR = 14
"""Minutes since which Traefik's log has refused connections."""

STALE = "forgejo"
"""The app whose route leads to a Service that is gone."""


def homelab(now: datetime) -> Homelab:
    """Traefik meets refused connections, and five things are wrong besides."""
    lab = healthy(now)
    _traefik_is_refused(lab)
    _out_of_memory(lab)
    set_unsynced(lab, "productivity", "paperless-env", lab.times.ago(hours=5), "permission denied")
    renewal_failed(lab, "productivity", "nextcloud-tls", UNREACHED, hours=7, attempts=2)
    # Somebody held an upgrade back by hand and forgot about it.
    lab.get("HelmRelease", "home", "home-assistant")["spec"]["suspend"] = True
    # The chart's new version renamed its Service; the route still has the old name.
    replace_route(lab, STALE, service="forgejo-http")
    lab.past = _week(lab)
    return lab


def _traefik_is_refused(lab: Homelab) -> None:
    """Let Traefik fail to reach each backend on another node, and log it as v3 does at DEBUG."""
    pod, backends = lab.pod_of("traefik"), _unreached(lab)
    lines = [
        f"{lab.times.ago(minutes=minutes)} {DBG}/proxy/httputil/proxy.go:121 > 502 Bad Gateway "
        f'error="dial tcp {lab.pod_of(app.name)["status"]["podIP"]}:{app.port}: connect: '
        'connection refused"'
        for minutes in range(REFUSED_FOR, 0, -2)
        for app in backends
    ]
    key = ("kube-system", pod["metadata"]["name"], "traefik", False)
    lab.logs[key] += "\n".join(lines) + "\n"
    # A rule for the NodePorts of the edge, which names no interface, catches the pods' own packets.
    lab.broken = Broken(redirects=frozenset(("edge", app.port) for app in backends))


def _unreached(lab: Homelab) -> list[App]:
    """The apps with a route that run on another node than Traefik."""
    node = lab.pod_of("traefik")["spec"]["nodeName"]
    return [app for app in APPS if app.route and app.node != node]


def _out_of_memory(lab: Homelab) -> None:
    """Let Immich's machine learning outgrow its limit as soon as it has loaded its model."""
    container = "immich-machine-learning"
    pod = lab.pod_of(container)
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    pod["spec"]["containers"][0]["resources"] = {"limits": {"memory": "2Gi"}}
    back_off = (
        f"back-off 5m0s restarting failed container={container} "
        f"pod={name}_{namespace}(3f6c1e52-8c1b-4a7e-9b52-1f0f3d1f5b7a)"
    )
    ended = {
        "reason": "OOMKilled",
        "exitCode": 137,
        "startedAt": lab.times.ago(minutes=5),
        "finishedAt": lab.times.ago(minutes=4),
    }
    set_waiting(lab, pod, lab.times.ago(minutes=22), message=back_off, last=ended, restarts=6)
    add_event(lab, pod, "BackOff", f"Back-off restarting failed container {container}", count=31)
    image = pod["spec"]["containers"][0]["image"]
    pulled = f'Container image "{image}" already present on machine'
    add_event(lab, pod, "Pulled", pulled, count=7, minutes=5, normal=True)
    lab.logs[namespace, name, container, True] = _last_words(lab)


def _last_words(lab: Homelab) -> str:
    """A log that ends in the middle: a process does not learn that the kernel will kill it."""
    at = lab.times.ago(minutes=4)
    lines = (
        "Starting gunicorn 23.0.0",
        "Listening at: http://[::]:3003 (9)",
        "Booting worker with pid: 10",
        "Application startup complete.",
        "Loading visual model 'ViT-SO400M-16-SigLIP2-384__webli' to memory",
        "Setting execution providers to ['CPUExecutionProvider'], in descending order",
    )
    return "".join(f"[{at}] INFO     {line}\n" for line in lines)


def _week(lab: Homelab) -> Past:
    """The week before: present faults began when their objects say so, and others are over."""
    learning, mosquitto = (
        lab.pod_of(app)["metadata"]["name"] for app in ("immich-machine-learning", "mosquitto")
    )
    (challenge,) = (manifest["metadata"]["name"] for manifest in lab.of("Challenge"))
    served = ("pods", "endpoints", "routes", "workloads")
    failed, degraded = Verdict.FAILED, Verdict.DEGRADED
    hung = (f"pods/Pod/home/{mosquitto}", "CrashLoopBackOff", ("pods", "endpoints", "workloads"))
    return Past(
        troubles=(
            Trouble(
                "flux-helmreleases/HelmRelease/home/home-assistant",
                "Suspended",
                ("flux",),
                began=9 * 24,
                verdict=Verdict.SUSPENDED,
                incident=False,
            ),
            Trouble("nodes/Node//cabin-pi", "NodeStatusUnknown", ("nodes", *served), 101, 97.5),
            Trouble(
                "routes-ingressroute/IngressRoute/productivity/forgejo",
                "ServiceNotFound",
                ("routes",),
                began=76,
            ),
            Trouble(
                "flux-sources/GitRepository/flux-system/homelab",
                "GitOperationFailed",
                ("flux",),
                began=53,
                ended=51.5,
            ),
            *(Trouble(*hung, began, began - 1, degraded) for began in (71, 64, 47)),
            Trouble(*hung, 23, 20.5, failed),
            Trouble(
                "certificates/Certificate/media/jellyfin-tls",
                "RenewalFailed",
                ("certificates",),
                began=38,
                ended=14,
                verdict=degraded,
            ),
            Trouble(
                f"certificate-requests/Challenge/productivity/{challenge}",
                "Invalid",
                ("certificates",),
                began=7,
            ),
            Trouble(
                "external-secrets/ExternalSecret/productivity/paperless-env",
                "SecretSyncedError",
                ("secrets",),
                began=5,
            ),
            Trouble(
                f"pods/Pod/media/{learning}",
                "CrashLoopBackOff",
                ("pods", "endpoints", "workloads"),
                22 / 60,
            ),
            *(
                Trouble(
                    f"routes-{app.route.lower()}/{app.route}/{app.namespace}/{app.name}",
                    "RequestsFail",
                    ("routes",),
                    REFUSED_FOR / 60,
                    verdict=degraded,
                )
                for app in _unreached(lab)
                if app.name != STALE
            ),
        ),
        absent=tuple(range(126, 131)),
    )
