"""The text to paste where there is no pull request."""

import yaml

from bot.domain.finding import Target
from bot.gitops.domain.file_edit import EditKind, FileEdit
from bot.gitops.domain.ownership import Keeper, ObjectOwner
from bot.gitops.paste_text import paste
from tests.gitops.test_file_editor import REPLACE
from tests.gitops.trees import ANNOTATE

RELEASE = ObjectOwner(Keeper.HELM_RELEASE, "apps", "shop")


def test_a_helm_release_takes_the_same_patch_as_a_post_renderer():
    """Which needs no knowledge of the chart's values."""
    plain = yaml.safe_load(paste(ANNOTATE))
    (renderer,) = yaml.safe_load(paste(ANNOTATE, RELEASE))["spec"]["postRenderers"]
    assert renderer["kustomize"] == plain
    assert paste(ANNOTATE, RELEASE).startswith("# In the HelmRelease apps/shop:\n")


def test_a_replaced_ingress_is_pasted_as_the_manifests():
    """Whoever owns it."""
    documents = list(yaml.safe_load_all(paste(REPLACE, RELEASE)))
    assert documents == list(REPLACE.manifests)


def test_a_service_of_any_name_is_pasted_as_text_that_yaml_reads():
    """Such as one that looks like a number."""
    edit = FileEdit(kind=EditKind.ANNOTATE, object=Target("Service", "apps", "1e3"))
    (patch,) = yaml.safe_load(paste(edit))["patches"]
    assert patch["target"]["name"] == "1e3"
    assert yaml.safe_load(patch["patch"])["metadata"]["name"] == "1e3"
