"""networking.k8s.io: Ingresses and NetworkPolicies."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.resources.base import Object, Part, Reference, Selector
from bot.domain.resources.core import LoadBalancerStatus
from bot.domain.resources.limits import Many, Text


class IngressServicePort(Part, frozen=True):
    """`backend.service.port`."""

    name: Text = ""
    number: int = 0


class IngressService(Part, frozen=True):
    """`backend.service`."""

    name: Text = ""
    port: IngressServicePort = IngressServicePort()


class IngressBackend(Part, frozen=True):
    """A backend; the old extensions/v1beta1 has `serviceName` and `servicePort`."""

    service: IngressService | None = None
    resource: Reference | None = None
    service_name: Text = ""
    service_port: int | Text | None = None

    @property
    def target(self) -> tuple[str, int | str | None]:
        """Name and port of the Service, from either version."""
        if self.service:
            return self.service.name, self.service.port.number or self.service.port.name
        return self.service_name, self.service_port


class IngressPath(Part, frozen=True):
    """`rules[].http.paths[]`."""

    path: Text = ""
    path_type: Text = ""
    backend: IngressBackend = IngressBackend()


class IngressHttp(Part, frozen=True):
    """`rules[].http`."""

    paths: Many[IngressPath] = ()


class IngressRule(Part, frozen=True):
    """`rules[]`."""

    host: Text = ""
    http: IngressHttp | None = None


class IngressTls(Part, frozen=True):
    """`tls[]`."""

    hosts: Many[Text] | None = None
    secret_name: Text = ""


class IngressSpec(Part, frozen=True):
    """`spec` of an Ingress."""

    ingress_class_name: Text = ""
    default_backend: IngressBackend | None = None
    backend: IngressBackend | None = None
    """What extensions/v1beta1 called the default backend."""
    rules: Many[IngressRule] | None = None
    tls: Many[IngressTls] | None = None

    @property
    def default(self) -> IngressBackend | None:
        """The default backend, from either version."""
        return self.default_backend or self.backend

    @property
    def paths(self) -> Iterator[tuple[str, IngressPath]]:
        """Every path with the host of its rule."""
        for rule in self.rules or ():
            for path in rule.http.paths if rule.http else ():
                yield rule.host, path


class Ingress(Object, frozen=True):
    """networking.k8s.io/v1 Ingress."""

    selectable = True

    spec: IngressSpec = IngressSpec()
    status: LoadBalancerStatus = LoadBalancerStatus()


class NetworkPolicySpec(Part, frozen=True):
    """`spec` of a NetworkPolicy, as far as it says which pods it concerns."""

    pod_selector: Selector = Selector()
    policy_types: Many[Text] | None = None


class NetworkPolicy(Object, frozen=True):
    """networking.k8s.io NetworkPolicy."""

    spec: NetworkPolicySpec = NetworkPolicySpec()
