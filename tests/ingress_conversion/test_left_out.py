"""Every annotation that is lost is told, and none that is not."""

import pytest

from tests.ingress_conversion.ingresses import TRAEFIK, a_service, an_ingress, converted, said

NGINX = "nginx.ingress.kubernetes.io/"


def warnings(annotations: dict[str, str]) -> tuple[str, ...]:
    return converted(an_ingress(annotations=annotations), a_service()).warnings


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ([f"{NGINX}auth-secret", f"{NGINX}auth-type"], "asks for no password"),
        ([f"{NGINX}rewrite-target"], "no path is rewritten"),
        ([f"{NGINX}whitelist-source-range"], "every address may use it"),
        ([f"{NGINX}configuration-snippet"], "write a Middleware"),
        (["haproxy.org/auth-type"], "asks for no password"),
        (["haproxy-ingress.github.io/ssl-redirect"], "nothing is redirected"),
        (["konghq.com/strip-path"], "no path is rewritten"),
        (["nginx.org/rewrites"], "no path is rewritten"),
        (["alb.ingress.kubernetes.io/auth-type"], "asks for no password"),
        (["ingress.kubernetes.io/ssl-redirect"], "nothing is redirected"),
        (["kubernetes.io/ingress.allow-http"], "write a Middleware"),
        ([f"{TRAEFIK}redirect-permanent"], "of Traefik 1: nothing is redirected"),
        ([f"{TRAEFIK}auth-type"], "of Traefik 1: the route asks for no password"),
        ([f"{TRAEFIK}whitelist-source-range"], "of Traefik 1: every address may use it"),
        ([f"{TRAEFIK}rule-type"], "of Traefik 1: no path is rewritten"),
        (["traefik.frontend.rule.type"], "of Traefik 1: no path is rewritten"),
        (["traefik.frontend.auth.basic"], "of Traefik 1: the route asks for no password"),
        ([f"{TRAEFIK}app-root"], "of Traefik 1: no path is rewritten"),
        ([f"{TRAEFIK}service.sticky.cookie"], "write it on the Service"),
        (["hajimari.io/enable", "example.org/a"], "reads IngressRoutes too"),
    ],
)
def test_a_lost_annotation_is_named_with_what_the_route_lacks(keys: list[str], words: str) -> None:
    """Traefik ignored them before, so the route is as open as it was; nobody was told."""
    (warning,) = warnings(dict.fromkeys(keys, "true"))
    assert words in warning
    assert all(key in warning for key in keys)


def test_what_is_carried_over_or_means_nothing_to_a_route_is_not_remarked_on() -> None:
    """Tools know their own objects by annotations that a new object must not have."""
    kept = {
        "kubernetes.io/ingress.class": "traefik",
        "gethomepage.dev/enabled": "true",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
        "meta.helm.sh/release-name": "web",
        "kustomize.toolkit.fluxcd.io/reconcile": "disabled",
        "cert-manager.io/cluster-issuer": "le",
        "description": "The shop.",
        **said(router_entrypoints="web", router_priority="3"),
        f"{TRAEFIK}Router.PathMatcher": "Path",
    }
    assert warnings(kept) == ()


def test_many_are_counted_and_a_long_name_is_cut() -> None:
    """Names come from files, which may hold anything."""
    (warning,) = warnings({f"{NGINX}x-{n}-{'y' * 500}": "" for n in range(50)})
    assert "and 44 more" in warning
    assert len(warning) < 1500
