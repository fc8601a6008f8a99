"""Ingresses and Services that say, each for itself, what Traefik can be told by one."""

from __future__ import annotations

from tests.ingress_conversion.ingresses import a_backend, a_path, a_rule, an_ingress, said

TLS = ({"hosts": ["a.example"], "secretName": "a"}, {"hosts": ["b.example"], "secretName": "b"})
BOTH = [a_rule("a.example", a_path("/x")), a_rule("b.example"), a_rule("c.example")]

EVERYTHING = {
    "path types": an_ingress(
        *(
            a_rule(
                host,
                a_path("/e", "Exact"),
                a_path("/p/", "Prefix"),
                a_path("/i", "ImplementationSpecific"),
            )
            for host in ("", "a.example", "*.w.example")
        ),
    ),
    "a wildcard before a longer host": an_ingress(
        a_rule("*.example", a_path("", "ImplementationSpecific")), a_rule("abc.example.org")
    ),
    "the old syntax": an_ingress(a_rule("*.old.example"), annotations=said(router_rulesyntax="v2")),
    "matchers": an_ingress(
        a_rule("m.example", a_path(r"/\d+[a-z]", "ImplementationSpecific")),
        annotations=said(router_pathmatcher="PathRegexp"),
    ),
    "odd characters": an_ingress(
        a_rule("o.example", a_path('/"q"', "ImplementationSpecific")),
        a_rule("o.example", a_path("/`b`", "ImplementationSpecific")),
        a_rule("o.example", a_path(r"/back\slash", "ImplementationSpecific")),
    ),
    "two secrets": an_ingress(*BOTH, tls=TLS),
    "two secrets, TLS alone": an_ingress(*BOTH, tls=TLS, annotations=said(router_tls="true")),
    "a secret on web alone": an_ingress(tls=TLS, annotations=said(router_entrypoints="web")),
    "a secret on another entrypoint": an_ingress(
        tls=TLS, annotations=said(router_entrypoints="internal, websecure")
    ),
    "every annotation": an_ingress(
        annotations=said(
            router_entrypoints="web,websecure",
            router_middlewares="apps-auth@kubernetescrd, slow@file",
            router_priority="42",
            router_tls="true",
            router_tls_certresolver="le",
            router_tls_options="apps-modern@kubernetescrd",
            router_tls_domains_0_main="a.b",
            router_tls_domains_0_sans="x.a.b,c",
            router_tls_domains_1_main="d",
            router_observability_accesslogs="false",
            router_observability_metrics="true",
        )
    ),
    "TLS options of a file": an_ingress(
        annotations=said(router_tls="true", router_tls_options="modern@file")
    ),
    "tracing": an_ingress(annotations=said(router_observability_traceverbosity="detailed")),
    "two paths with one rule": an_ingress(a_rule("t.example", a_path(), a_path(service="two"))),
    "a class by annotation": an_ingress(annotations={"kubernetes.io/ingress.class": "traefik"}),
    "an issuer": an_ingress(tls=TLS, annotations={"cert-manager.io/cluster-issuer": "letsencrypt"}),
    "a default backend": {
        **an_ingress(annotations=said(router_priority="7")),
        "spec": {"defaultBackend": a_backend()},
    },
}

SERVICES = {
    "scheme": said(service_serversscheme="h2c", service_passhostheader="false"),
    "transport": said(service_serverstransport="apps-own@kubernetescrd"),
    "transport of a file": said(service_serverstransport="own@file"),
    "native already": said(service_nativelb="false"),
}
