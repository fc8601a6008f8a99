"""Repositories as mappings, and the objects in a cluster that came from them."""

from collections.abc import Mapping
from typing import Any

from bot.domain.finding import Target
from bot.gitops.domain.file_edit import EditKind, FileEdit
from bot.gitops.tree import Tree
from bot.routing.native_lb import ANNOTATION

SERVICE = Target("Service", "apps", "web")
ROUTE = Target("IngressRoute", "apps", "web", "traefik.io")
INGRESS = Target("Ingress", "apps", "web", "networking.k8s.io")
ANNOTATE = FileEdit(kind=EditKind.ANNOTATE, object=SERVICE)
NATIVE_LB = FileEdit(kind=EditKind.NATIVE_LB, object=ROUTE)

WEB = """\
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: apps
spec:
  ports: [{port: 80}]
"""

WEB_ROUTE = """\
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata:
  name: web
  namespace: apps
spec:
  routes:
    - match: Host(`a`)  # the shop
      services:
        - name: web
          port: 80
        - name: other
          port: 80
"""

WEB_INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: apps
spec:
  rules:
    - host: a
"""


def a_tree(files: Mapping[str, str], *links: str) -> Tree:
    """A checked-out branch."""
    return Tree({path: text.encode() for path, text in files.items()}, frozenset(links))


def a_kustomization(path: str = "./apps", **spec: Any) -> dict[str, Any]:
    """Flux's, in the cluster."""
    return {
        "kind": "Kustomization",
        "metadata": {"namespace": "flux-system", "name": "apps"},
        "spec": {
            "path": path,
            "sourceRef": {"kind": "GitRepository", "name": "flux-system"},
            **spec,
        },
    }


def a_git_repository(url: str, **ref: str) -> dict[str, Any]:
    """Flux's, in the cluster."""
    return {
        "kind": "GitRepository",
        "metadata": {"namespace": "flux-system", "name": "flux-system"},
        "spec": {"url": url, "ref": ref or {"branch": "main"}},
    }


def annotated(text: str) -> str:
    """The Service with the annotation, as people write it."""
    return text.replace(
        "  namespace: apps\n",
        f'  namespace: apps\n  annotations:\n    {ANNOTATION}: "true"\n',
    )
