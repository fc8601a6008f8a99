"""An edit is stored as JSON, and one that somebody tampered with is refused."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.finding import Target
from bot.gitops.domain.file_edit import Chosen, EditKind, FileEdit, decoded, encoded, words
from bot.remediation.change.step import MOST

ROUTE = Target("IngressRoute", "apps", "web", "traefik.io")
INGRESS = Target("Ingress", "apps", "web", "networking.k8s.io")


def made(**changed: Any) -> dict[str, Any]:
    metadata = {"name": "web", "namespace": "apps"}
    manifest = {"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": metadata}
    return {**manifest, **changed}


EDITS = (
    FileEdit(kind=EditKind.ANNOTATE, object=Target("Service", "apps", "web")),
    FileEdit(kind=EditKind.NATIVE_LB, object=ROUTE, services=(Chosen(0, 1, "web"),)),
    FileEdit(kind=EditKind.REPLACE, object=INGRESS, manifests=(made(),)),
)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_survives_its_storage(edit: FileEdit):
    """As the same text each time, which fits into a step."""
    assert decoded(encoded(edit)) == edit
    assert encoded(msgspec.structs.replace(edit)) == encoded(edit)
    assert len(encoded(edit)) < MOST
    assert words(edit)


WRONG = (
    FileEdit(kind=EditKind.ANNOTATE, object=ROUTE),
    FileEdit(kind=EditKind.ANNOTATE, object=Target("Secret", "apps", "web")),
    FileEdit(
        kind=EditKind.ANNOTATE, object=Target("Service", "a", "b"), services=(Chosen(0, 0, "x"),)
    ),
    FileEdit(kind=EditKind.NATIVE_LB, object=ROUTE, manifests=(made(),)),
    FileEdit(kind=EditKind.REPLACE, object=INGRESS),
    FileEdit(kind=EditKind.REPLACE, object=INGRESS, manifests=(made(),) * 17),
    FileEdit(kind=EditKind.REPLACE, object=INGRESS, manifests=(made(kind="ClusterRole"),)),
    FileEdit(kind=EditKind.REPLACE, object=INGRESS, manifests=(made(apiVersion="v1"),)),
    FileEdit(kind=EditKind.REPLACE, object=INGRESS, manifests=(made(metadata={"name": "a"}),)),
    FileEdit(
        kind=EditKind.REPLACE,
        object=INGRESS,
        manifests=(made(metadata={"name": "a", "namespace": "kube-system"}),),
    ),
)


@pytest.mark.parametrize("edit", WRONG)
def test_an_edit_of_anything_else_is_refused(edit: FileEdit):
    """Another kind, namespace or content."""
    assert isinstance(decoded(encoded(edit)), str)


@given(st.text() | st.sampled_from(["[" * 5000, "{}", '{"kind":"annotate"}']))
def test_any_text_is_an_edit_or_a_reason(text: str):
    """What was stored may be anything."""
    assert isinstance(decoded(text), FileEdit | str)
