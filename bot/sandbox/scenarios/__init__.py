"""Scenarios: a homelab on a good day, on a bad one, and in several kinds of trouble."""

from bot.sandbox.scenarios import api, broken, ordinary
from bot.sandbox.scenarios.homelab import healthy
from bot.sandbox.scenarios.hostile import hostile
from bot.sandbox.scenarios.scenario import Homelab, Scenario

__all__ = ["SCENARIOS", "Homelab", "Scenario"]

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "homelab",
        "The runbook's ordinary bad day.",
        "Traefik meets refused connections across nodes; a pod runs out of memory, a Secret is not "
        "synced, a certificate not renewed, a release suspended, and a route leads nowhere.",
        ordinary.homelab,
    ),
    Scenario(
        "healthy", "Nothing is wrong.", "Everything is healthy, and everything was seen.", healthy
    ),
    Scenario(
        "flux-broken",
        "Flux cannot log in to Git.",
        "One GitRepository fails, and Kustomizations, charts and releases with it.",
        broken.flux_broken,
    ),
    Scenario(
        "certificates",
        "Certificates that are not renewed.",
        "One expired, one fails at its challenge, one waits for an Issuer that is not ready.",
        broken.certificates,
    ),
    Scenario(
        "secrets",
        "The secret store lost its credentials.",
        "ExternalSecrets fail with their store, a pod lacks its Secret, and one Secret was deleted "
        "although Ready says True.",
        broken.secrets,
    ),
    Scenario(
        "node-down",
        "The Raspberry Pi is gone.",
        "One node is silent, and its pods, Services and routes follow from it.",
        broken.node_down,
    ),
    Scenario(
        "overlay-down",
        "The Raspberry Pi's overlay is gone.",
        "Every object says that it is healthy; the agents' rounds in /health, /net matrix and "
        "/net diagnose say that it is not.",
        broken.overlay_down,
    ),
    Scenario(
        "forbidden",
        "RBAC hides a part.",
        "Certificates, Secrets and nodes may not be read, so nobody can say that all is healthy.",
        api.forbidden,
    ),
    Scenario(
        "slow",
        "The API takes two seconds to answer.",
        "The ordinary bad day, in slow motion.",
        api.slow,
    ),
    Scenario(
        "down",
        "The API answers 500.",
        "Nothing can be read, which is not health.",
        api.down,
    ),
    Scenario(
        "hostile",
        "Objects that try to get at their reader.",
        "Markdown, mentions, masked links, long names, reversed text and a made-up token.",
        hostile,
    ),
    Scenario(
        "empty",
        "A cluster of which there is only the API.",
        "No Flux, no cert-manager, no External Secrets, no Traefik, and no node.",
        api.empty,
    ),
)
"""All scenarios; the first is the default."""
