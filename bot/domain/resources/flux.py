"""Flux: source.toolkit, kustomize.toolkit and helm.toolkit.fluxcd.io."""

from __future__ import annotations

import hashlib

from bot.domain.resources.base import Part, ReconciledObject, ReconciledStatus, Reference
from bot.domain.resources.limits import WEIGHT, Many, Text, VeryMany


class FluxSpec(Part, frozen=True):
    """The `spec` fields that Flux kinds share."""

    suspend: bool = False
    timeout: Text = ""
    """A Go duration: how long one try may take. Kustomizations without it take their interval."""
    source_ref: Reference | None = None
    chart_ref: Reference | None = None
    depends_on: Many[Reference] = ()


class InventoryEntry(Part, frozen=True):
    """An object that was applied last: `namespace_name_group_kind`."""

    id: Text = ""


class FluxInventory(Part, frozen=True):
    """`status.inventory` of a Kustomization or HelmRelease: all that it applied, and keeps."""

    entries: VeryMany[InventoryEntry] | None = None


class Artifact(Part, frozen=True):
    """`status.artifact` of a source."""

    revision: Text = ""


class ReleaseSnapshot(Part, frozen=True):
    """An entry of `status.history` of a HelmRelease; `status` is Helm's own word."""

    name: Text = ""
    namespace: Text = ""
    status: Text = ""


INSTALLED = ("deployed", "superseded")
"""Helm's words for a release that was installed."""


class FluxStatus(ReconciledStatus, frozen=True):
    """The `status` fields that Flux kinds share."""

    helm_chart: Text = ""
    """HelmRelease: `namespace/name` of the HelmChart made for it."""
    artifact: Artifact | None = None
    """Sources: what was fetched last and is still served."""
    last_applied_revision: Text = ""
    """Kustomization: the revision that was applied last."""
    history: Many[ReleaseSnapshot] = ()
    """HelmRelease: its last releases, newest first. A Kustomization has another history."""
    inventory: FluxInventory | None = None
    """Kustomization; HelmRelease since Flux 2.8."""
    failures: int = 0
    """HelmRelease: tries that failed since the last success."""

    @property
    def delivered(self) -> bool:
        """Whether something of it is served, applied or installed, be it of an older revision."""
        installed = any(release.status in INSTALLED for release in self.history)
        return installed or self.artifact is not None or bool(self.last_applied_revision)


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

    type: Text = ""
    """`oci` repositories are static and carry no status (Flux 2.1 on)."""


class HelmRepository(FluxObject, frozen=True):
    """source.toolkit.fluxcd.io HelmRepository."""

    spec: HelmRepositorySpec = HelmRepositorySpec()


class HelmChart(FluxObject, frozen=True):
    """source.toolkit.fluxcd.io HelmChart."""


class Bucket(FluxObject, frozen=True):
    """source.toolkit.fluxcd.io Bucket."""


class KustomizationSpec(FluxSpec, frozen=True):
    """`spec` of a Kustomization."""

    health_checks: Many[Reference] = ()


class Kustomization(FluxObject, frozen=True):
    """kustomize.toolkit.fluxcd.io Kustomization."""

    weight = 4 * WEIGHT
    """It lists all that it keeps."""

    spec: KustomizationSpec = KustomizationSpec()


class ChartTemplateSpec(Part, frozen=True):
    """`spec.chart.spec` of a HelmRelease."""

    source_ref: Reference | None = None


class ChartTemplate(Part, frozen=True):
    """`spec.chart` of a HelmRelease."""

    spec: ChartTemplateSpec = ChartTemplateSpec()


class DriftDetection(Part, frozen=True):
    """`spec.driftDetection` of a HelmRelease: `enabled`, `warn` or `disabled`."""

    mode: Text = ""


class HelmReleaseSpec(FluxSpec, frozen=True):
    """`spec` of a HelmRelease."""

    drift_detection: DriftDetection | None = None

    chart: ChartTemplate | None = None
    release_name: Text = ""
    target_namespace: Text = ""
    storage_namespace: Text = ""


HELM_RELEASE = "Helm release"
"""The label of evidence that tells under which name Helm knows a release, as `namespace/name`."""

INSTALLED_IN = "Helm installs into"
"""The label of evidence that tells a release's namespace, where Helm keeps its state elsewhere."""

LONGEST_NAME = 53
HASH = 12


class HelmRelease(FluxObject, frozen=True):
    """helm.toolkit.fluxcd.io HelmRelease."""

    spec: HelmReleaseSpec = HelmReleaseSpec()

    @property
    def helm_name(self) -> str:
        """The name under which Helm knows the release.

        Source: helm-controller, `GetReleaseName` and `release.ShortenName`.
        """
        target = self.spec.target_namespace
        usual = self.spec.release_name or (f"{target}-{self.name}" if target else self.name)
        if self._last and self._last.name:
            return self._last.name
        if len(usual) <= LONGEST_NAME:
            return usual
        digest = hashlib.sha256(usual.encode(errors="replace")).hexdigest()
        return f"{usual[: LONGEST_NAME - HASH - 1]}-{digest[:HASH]}"

    @property
    def helm_namespace(self) -> str:
        """The namespace into which Helm installs it."""
        last = self._last.namespace if self._last else ""
        return last or self.spec.target_namespace or self.namespace

    @property
    def helm_storage(self) -> str:
        """The namespace in which Helm keeps what it knows of the release."""
        return self.spec.storage_namespace or self.namespace

    @property
    def _last(self) -> ReleaseSnapshot | None:
        return self.status.history[0] if self.status.history else None
