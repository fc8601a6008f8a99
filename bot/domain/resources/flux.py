"""Flux: source.toolkit, kustomize.toolkit and helm.toolkit.fluxcd.io."""

from __future__ import annotations

from bot.domain.resources.base import Part, ReconciledObject, ReconciledStatus, Reference


class FluxSpec(Part, frozen=True):
    """The `spec` fields that Flux kinds share."""

    suspend: bool = False
    source_ref: Reference | None = None
    chart_ref: Reference | None = None
    depends_on: tuple[Reference, ...] = ()


class FluxStatus(ReconciledStatus, frozen=True):
    """The `status` fields that Flux kinds share."""

    helm_chart: str = ""
    """HelmRelease: `namespace/name` of the HelmChart made for it."""


class FluxObject(ReconciledObject, frozen=True):
    """What Flux's kinds have in common."""

    spec: FluxSpec = FluxSpec()
    status: FluxStatus = FluxStatus()


class GitRepository(FluxObject, frozen=True):
    """source.toolkit.fluxcd.io GitRepository."""


class OCIRepository(FluxObject, frozen=True):
    """source.toolkit.fluxcd.io OCIRepository."""


class HelmRepositorySpec(FluxSpec, frozen=True):
    """`spec` of a HelmRepository."""

    type: str = ""
    """`oci` repositories are static and carry no status (Flux 2.1 on)."""


class HelmRepository(FluxObject, frozen=True):
    """source.toolkit.fluxcd.io HelmRepository."""

    spec: HelmRepositorySpec = HelmRepositorySpec()


class HelmChart(FluxObject, frozen=True):
    """source.toolkit.fluxcd.io HelmChart."""


class Bucket(FluxObject, frozen=True):
    """source.toolkit.fluxcd.io Bucket."""


class Kustomization(FluxObject, frozen=True):
    """kustomize.toolkit.fluxcd.io Kustomization."""


class ChartTemplateSpec(Part, frozen=True):
    """`spec.chart.spec` of a HelmRelease."""

    source_ref: Reference | None = None


class ChartTemplate(Part, frozen=True):
    """`spec.chart` of a HelmRelease."""

    spec: ChartTemplateSpec = ChartTemplateSpec()


class HelmReleaseSpec(FluxSpec, frozen=True):
    """`spec` of a HelmRelease."""

    chart: ChartTemplate | None = None
    release_name: str = ""
    target_namespace: str = ""


class HelmRelease(FluxObject, frozen=True):
    """helm.toolkit.fluxcd.io HelmRelease."""

    spec: HelmReleaseSpec = HelmReleaseSpec()
