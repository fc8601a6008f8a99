"""The values of annotations and labels, and other short texts that a tenant writes."""

from bot.domain import finalizers, label_selector, mute_annotation
from bot.domain.redaction.redact import redact
from bot.domain.resources.decode import read_object
from bot.domain.timestamps import go_duration, instant
from bot.health import offline
from bot.health.cron_runs import longest_gap
from bot.ingress_conversion.convert import convert
from bot.ingress_conversion.known import gather
from bot.ingress_conversion.target import ConversionTarget
from bot.kube.events_and_logs import QUANTITY
from tests.builders import an_object
from tests.fuzz.target import Target
from tests.net.networks import WEB, a_path, a_service, a_snapshot, an_ingress

TRAEFIK = ConversionTarget((3, 6, 2))
KEYS = (
    "meshmedic.dev/mute",
    "meshmedic.dev/route-check",
    "traefik.ingress.kubernetes.io/router.priority",
    "traefik.ingress.kubernetes.io/router.middlewares",
    "traefik.ingress.kubernetes.io/router.tls",
    "traefik.ingress.kubernetes.io/service.nativelb",
    "traefik.ingress.kubernetes.io/service.sticky.cookie.maxage",
    "traefik.ingress.kubernetes.io/service.serversscheme",
    "cert-manager.io/cluster-issuer",
    "flannel.alpha.coreos.com/public-ip",
    "kubernetes.io/ingress.class",
)
"""Annotations that something of the bot reads."""


def run(text: str) -> object:
    """As the value of every annotation of several kinds, as a key, and by each reader of words."""
    annotations = dict.fromkeys(KEYS, text) | {f"traefik.ingress.kubernetes.io/router.{text}": "1"}
    service = a_service()
    service["metadata"] |= {"annotations": annotations, "finalizers": [text], "labels": {"a": text}}
    ingress = an_ingress(a_path(), annotations=annotations)
    node = an_object("Node", "home-1", namespace="", status={"nodeInfo": {"kubeletVersion": text}})
    node["metadata"]["annotations"] = annotations
    cron = an_object("CronJob", "c", "batch/v1", spec={"schedule": text, "timeZone": text})
    judged = offline.judge([service, ingress, node, cron, *WEB])
    converted = convert(ingress, gather([ingress, service]), TRAEFIK)
    muted = mute_annotation.line(read_object(service, offline.type_of(service)), a_snapshot())
    assert len(muted) < 300
    requirements = [label_selector.requirement(part) for part in label_selector.parts(text)]
    return (
        *(verdict.reason for verdict in judged),
        converted.code,
        bool(muted),
        redact(text) == text,
        finalizers.meaning(text),
        bool(finalizers.meanings_in(text)),
        instant(text) is None,
        go_duration(text) is None,
        longest_gap(text) is None,
        QUANTITY.fullmatch(text) is None,
        None in requirements,
    )


TARGET = Target(
    "annotations",
    run,
    words=(
        *(
            "2026-12-24",
            "T08:00:00Z",
            "+25:00",
            " ",
            "false",
            "true",
            "a reason",
            "9999-12-31",
            "1h30m",
        ),
        *(
            "1e9h",
            "0.1ns",
            "apps-auth@kubernetescrd",
            ",",
            "42",
            "-2147483649",
            "*/5 * * * *",
            "0 0 31 2 *",
        ),
        *(
            "app=web",
            "tier in (a, b)",
            "!a",
            "notin",
            "acme.cert-manager.io/finalizer",
            "longhorn.io",
        ),
        *(
            "v1.31.4+k3s1",
            "1.2.3.4",
            "::1",
            "token=abcdefgh",
            "eyJhbGciOiJI.eyJzdWIi.c2ln",
            "10Mi",
            "%25",
        ),
    ),
    longest=16 * 1024,
    per_character=100e-6,
)
