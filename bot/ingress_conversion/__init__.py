"""From a Kubernetes Ingress to Traefik IngressRoutes that do the same, with nativeLB.

Source: Traefik's providers kubernetesingress and kubernetescrd, v2.10 to v3.7. Nothing is
approximated: what an IngressRoute cannot express is refused (`refusals`).
"""
