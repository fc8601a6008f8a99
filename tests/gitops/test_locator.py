"""From a live object to its place in the repository: found with certainty, or refused."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.gitops.domain.file_edit import EditKind, FileEdit
from bot.gitops.kustomize import KNOWN
from bot.gitops.locator import ORIGIN, Located, locate
from bot.gitops.refusals import FileReason, Stop
from bot.routing.native_lb import ANNOTATION
from tests.gitops.trees import (
    ANNOTATE,
    INGRESS,
    NATIVE_LB,
    WEB,
    WEB_INGRESS,
    WEB_ROUTE,
    a_kustomization,
    a_tree,
)

LIVE: dict[str, Any] = {"metadata": {"namespace": "apps", "name": "web"}}
BARE = WEB.replace("  namespace: apps\n", "")


def kustomize(*resources: str, more: str = "") -> str:
    return "resources:\n" + "".join(f"- {each}\n" for each in resources) + more


def located(files: dict[str, str], *links: str, live: Any = LIVE, **spec: Any) -> Located:
    path = spec.pop("path", "./apps")
    return locate(a_tree(files, *links), a_kustomization(path, **spec), live, ANNOTATE)


FOUND = {
    "in a folder without a kustomization": ({"apps/a/b/web.yml": WEB}, {}),
    "at the root": ({"web.yaml": WEB}, {"path": ""}),
    "below a slash": ({"apps/web.yaml": WEB}, {"path": "/apps/"}),
    "among other documents": ({"apps/web.yaml": f"{WEB_ROUTE}---\n{WEB}"}, {}),
    "in a list": (
        {"apps/l.yaml": "kind: List\nitems:\n- " + WEB.replace("\n", "\n  ") + "\n"},
        {},
    ),
    "by its resources alone": (
        {
            "apps/kustomization.yaml": kustomize("web.yaml"),
            "apps/web.yaml": WEB,
            "apps/x.yaml": WEB,
        },
        {},
    ),
    "in a base beside it": (
        {
            "apps/kustomization.yml": kustomize("../base"),
            "base/Kustomization": kustomize("web.yaml"),
        }
        | {"base/web.yaml": WEB},
        {},
    ),
    "in a folder with a kustomization below one without": (
        {"apps/x/kustomization.yaml": kustomize("web.yaml"), "apps/x/web.yaml": WEB}
        | {"apps/x/unused.yaml": WEB},
        {},
    ),
    "in a namespace of the kustomization": (
        {"apps/kustomization.yaml": kustomize("web.yaml", more="namespace: apps\n")}
        | {"apps/web.yaml": BARE},
        {},
    ),
    "in Flux's own target namespace": ({"apps/web.yaml": BARE}, {"targetNamespace": "apps"}),
    "with a prefix and a suffix of two layers": (
        {"apps/kustomization.yaml": kustomize("base", more="namePrefix: w\n")}
        | {"apps/base/kustomization.yaml": kustomize("web.yaml", more="nameSuffix: b\n")}
        | {"apps/base/web.yaml": WEB.replace("name: web", "name: e")},
        {},
    ),
    "with a component that changes nothing": (
        {"apps/kustomization.yaml": kustomize("web.yaml", more="components: [c]\n")}
        | {"apps/c/kustomization.yaml": "kind: Component\nnamespace: apps\n"}
        | {"apps/web.yaml": BARE},
        {},
    ),
    "beside a patch of another object": (
        {"apps/kustomization.yaml": kustomize("web.yaml", more="patches: [{path: p.yaml}]\n")}
        | {"apps/p.yaml": "kind: Service\nmetadata: {name: other}\n", "apps/web.yaml": WEB},
        {},
    ),
    "beside a patch of another kind": (
        {"apps/web.yaml": WEB},
        {"patches": [{"target": {"kind": "Deployment"}, "patch": "[]"}]},
    ),
    "beside what is encrypted, unreadable and remote": (
        {"apps/web.yaml": WEB, "apps/no.yaml": "a: [", "apps/s.yaml": "kind: Secret\nsops: {}\n"},
        {},
    ),
    "with a variable in another field": (
        {"apps/web.yaml": WEB.replace("[{port: 80}]", "\n  - port: ${PORT}")},
        {"postBuild": {"substitute": {"PORT": "80"}}},
    ),
}


@pytest.mark.parametrize(("files", "spec"), FOUND.values(), ids=FOUND.keys())
def test_an_object_is_found_where_it_is_written(files: dict[str, str], spec: dict[str, Any]):
    """Each way by which kustomize and Flux bring it."""
    found = located(files, **spec).resource
    assert found.manifest["metadata"]["name"] in ("web", "e")
    assert found.path in files


REFUSED = {
    FileReason.NO_FOLDER: ({"web.yaml": WEB}, {}),
    FileReason.OUTSIDE: ({"apps/kustomization.yaml": kustomize("../../web.yaml")}, {}),
    FileReason.REMOTE_BASE: (
        {"apps/kustomization.yaml": kustomize("https://github.com/a/b//web?ref=v1")},
        {},
    ),
    FileReason.GENERATED: ({"apps/kustomization.yaml": "helmCharts:\n- name: web\n"}, {}),
    FileReason.UNKNOWN_FIELD: (
        {"apps/kustomization.yaml": kustomize("web.yaml", more="magic: 1\n"), "apps/web.yaml": WEB},
        {},
    ),
    FileReason.UNREADABLE: ({"apps/web.yaml": "a: ["}, {}),
    FileReason.TOO_LARGE: ({"apps/web.yaml": f"{WEB}# " + "x" * 1024 * 1024}, {}),
    FileReason.NOT_FOUND: ({"apps/web.yaml": WEB_ROUTE}, {}),
    FileReason.TWICE: ({"apps/a.yaml": WEB, "apps/b.yaml": WEB}, {}),
    FileReason.AMBIGUOUS: (
        {
            "apps/a.yaml": WEB,
            "apps/below/kustomization.yaml": kustomize("b.yaml", more="transformers: [t.yaml]\n"),
            "apps/below/b.yaml": WEB,
        },
        {},
    ),
    FileReason.PATCHED: (
        {"apps/kustomization.yaml": kustomize("web.yaml", more="patches: [{path: p.yaml}]\n")}
        | {"apps/p.yaml": "kind: Service\nmetadata: {name: web}\n", "apps/web.yaml": WEB},
        {},
    ),
    FileReason.TRANSFORMED: (
        {"apps/kustomization.yaml": kustomize("web.yaml", more="transformers: [t.yaml]\n")}
        | {"apps/web.yaml": WEB},
        {},
    ),
    FileReason.SUBSTITUTED: (
        {"apps/web.yaml": WEB.replace("name: web", "name: ${NAME}")},
        {"postBuild": {"substitute": {"NAME": "web"}}},
    ),
    FileReason.ENCRYPTED: ({"apps/web.yaml": WEB + "sops: {mac: x}\n"}, {}),
    FileReason.SHARED: (
        {"apps/kustomization.yaml": kustomize("one", "two")}
        | {f"apps/{each}/kustomization.yaml": kustomize("../../base") for each in ("one", "two")}
        | {"apps/two/kustomization.yaml": kustomize("../../base", more="namePrefix: second-\n")}
        | {"base/kustomization.yaml": kustomize("web.yaml"), "base/web.yaml": WEB},
        {},
    ),
}


@pytest.mark.parametrize(("reason", "given_"), REFUSED.items(), ids=REFUSED.keys())
def test_what_is_not_certain_is_refused(reason: FileReason, given_: tuple[dict[str, str], Any]):
    """With one of the listed reasons."""
    files, spec = given_
    with pytest.raises(Stop) as caught:
        located(files, **spec)
    assert caught.value.reason is reason


PATCHES: dict[str, dict[str, Any]] = {
    "inline": {"patches": [{"patch": "kind: Service\nmetadata:\n  name: web\n"}]},
    "by a target's kind": {"patches": [{"target": {"kind": "Service"}, "patch": "[]"}]},
    "by a pattern": {"patches": [{"target": {"name": "w.*"}, "patch": "[]"}]},
    "by a label": {"patches": [{"target": {"labelSelector": "a=b"}, "patch": "[]"}]},
    "by a pattern that is not tried": {"patches": [{"target": {"name": "(?i)x"}, "patch": "[]"}]},
    "of the older kind": {"patchesStrategicMerge": ["kind: Service\nmetadata:\n  name: web\n"]},
    "of the older kind as objects": {
        "patchesStrategicMerge": [{"kind": "Service", "metadata": {"name": "web"}}]
    },
    "by JSON": {"patchesJson6902": [{"target": {"kind": "Service", "name": "web"}}]},
    "in a file that is not there": {"patches": [{"path": "gone.yaml"}]},
}


@pytest.mark.parametrize("spec", PATCHES.values(), ids=PATCHES.keys())
def test_every_way_to_patch_an_object_is_seen(spec: dict[str, Any]):
    """Also where Flux's own Kustomization has the patch."""
    with pytest.raises(Stop) as caught:
        located({"apps/web.yaml": WEB}, **spec)
    assert caught.value.reason is FileReason.PATCHED


def test_a_patch_knows_an_object_by_each_of_its_names():
    """The one before the prefix, too."""
    files = {
        "apps/kustomization.yaml": kustomize("base", more="patches: [{path: p.yaml}]\n"),
        "apps/p.yaml": "kind: Service\nmetadata: {name: b}\n",
        "apps/base/kustomization.yaml": kustomize("web.yaml", more="namePrefix: we\n"),
        "apps/base/web.yaml": WEB.replace("name: web", "name: b"),
    }
    with pytest.raises(Stop) as caught:
        located(files)
    assert caught.value.reason is FileReason.PATCHED


TRANSFORMS = {
    "replacements": "replacements:\n- targets:\n  - select: {kind: Service}\n",
    "replacements in a file": "replacements: [{path: gone.yaml}]\n",
    "the annotation itself": f"commonAnnotations: {{{ANNOTATION}: 'false'}}\n",
    "configurations": "configurations: [c.yaml]\nnamespace: apps\n",
}


@pytest.mark.parametrize("more", TRANSFORMS.values(), ids=TRANSFORMS.keys())
def test_every_transformer_of_an_object_is_seen(more: str):
    """Whatever may write what the edit writes."""
    files = {"apps/kustomization.yaml": kustomize("web.yaml", more=more), "apps/web.yaml": WEB}
    with pytest.raises(Stop) as caught:
        located(files)
    assert caught.value.reason is FileReason.TRANSFORMED


def test_a_component_patches_what_names_it():
    """Its patches reach the resources beside it."""
    files = {
        "apps/kustomization.yaml": kustomize("web.yaml", more="components: [c]\n"),
        "apps/c/kustomization.yaml": "patches: [{target: {kind: Service}, patch: '[]'}]\n",
        "apps/web.yaml": WEB,
    }
    with pytest.raises(Stop) as caught:
        located(files)
    assert caught.value.reason is FileReason.PATCHED


@pytest.mark.parametrize("link", ["apps", "apps/web.yaml", "base"])
def test_a_way_through_a_link_is_refused(link: str):
    """A symbolic link or a submodule may lead anywhere."""
    files = {"apps/kustomization.yaml": kustomize("web.yaml", "../base")}
    files |= {"base/kustomization.yaml": kustomize("x.yaml"), "base/x.yaml": "a: 1\n"}
    kept = {path: text for path, text in files.items() if not path.startswith(f"{link}/")}
    with pytest.raises(Stop) as caught:
        located({**kept, "apps/other": ""}, link)
    assert caught.value.reason is FileReason.LINK


def test_a_circle_of_kustomizations_ends():
    """With a reason."""
    files = {"apps/kustomization.yaml": kustomize("../apps")}
    with pytest.raises(Stop) as caught:
        located(files)
    assert caught.value.reason is FileReason.UNREADABLE


def origin(text: str) -> dict[str, Any]:
    return {"metadata": {**LIVE["metadata"], "annotations": {ORIGIN: text}}}


def test_the_origin_annotation_names_the_file():
    """It is relative to the Kustomization's folder."""
    files = {"apps/kustomization.yaml": kustomize("../base/b.yaml"), "base/b.yaml": WEB}
    assert located(files, live=origin("path: ../base/b.yaml\n")).resource.path == "base/b.yaml"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("configuredIn: k.yaml\nconfiguredBy: {kind: HelmChart}\n", FileReason.GENERATED),
        ("repo: https://github.com/a/b\npath: x.yaml\n", FileReason.REMOTE_BASE),
        ("path: other.yaml\n", FileReason.DIFFERENT),
    ],
)
def test_an_origin_that_is_no_file_here_is_refused(text: str, reason: FileReason):
    """The object knows better than a search."""
    with pytest.raises(Stop) as caught:
        located({"apps/web.yaml": WEB}, live=origin(text))
    assert caught.value.reason is reason


def test_other_kustomizations_that_use_the_file_are_named():
    """What they make changes too, in this cluster or another."""
    files = {
        "apps/kustomization.yaml": kustomize("../base"),
        "staging/kustomization.yaml": kustomize("../base"),
        "other/kustomization.yaml": kustomize("x.yaml"),
        "base/kustomization.yaml": kustomize("web.yaml"),
        "base/web.yaml": WEB,
    }
    assert located(files).also == ("staging/kustomization.yaml",)
    odd = {"odd/kustomization.yaml/web.yaml": WEB}
    assert located(files | odd).also == ("staging/kustomization.yaml",)


def test_an_ingress_with_variables_is_not_replaced_by_what_they_were_once():
    """The name of the host would stand there for good."""
    manifest = {"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute"}
    manifest |= {"metadata": {"name": "web", "namespace": "apps"}}
    edit = FileEdit(kind=EditKind.REPLACE, object=INGRESS, manifests=(manifest,))
    tree = a_tree({"apps/i.yaml": WEB_INGRESS.replace("host: a", "host: ${HOST}")})
    spec = {"postBuild": {"substitute": {"HOST": "a"}}}
    assert locate(tree, a_kustomization(), LIVE, edit).resource.path == "apps/i.yaml"
    with pytest.raises(Stop) as caught:
        locate(tree, a_kustomization(**spec), LIVE, edit)
    assert caught.value.reason is FileReason.SUBSTITUTED


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("a./*-{$\n:", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "name", "path", "patch", "target", "metadata", "select"]),
            inner,
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(KNOWN)), anything, max_size=4))
def test_any_kustomization_is_understood_or_refused(own: dict[str, Any]):
    """Whatever stands under its keys; nothing else comes of it."""
    text = yaml.safe_dump({**own, "resources": ["web.yaml", "route.yaml"]})
    tree = a_tree({"apps/kustomization.yaml": text, "apps/web.yaml": WEB})
    try:
        found = locate(tree, a_kustomization(), LIVE, ANNOTATE)
    except Stop:
        return
    assert found.resource.path == "apps/web.yaml"
    assert not own.get("transformers")


def test_an_ingress_route_is_known_by_its_group():
    """The elder group's object of the same name is another one."""
    old = WEB_ROUTE.replace("traefik.io", "traefik.containo.us")
    tree = a_tree({"apps/old.yaml": old, "apps/new.yaml": WEB_ROUTE})
    assert locate(tree, a_kustomization(), LIVE, NATIVE_LB).resource.path == "apps/new.yaml"
