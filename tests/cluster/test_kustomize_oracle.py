"""kubectl's own kustomize is the oracle: it builds the tree before and after the edit.

What is not refused changes exactly the one object, by exactly the intended key.
"""

import copy
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.finding import Target
from bot.gitops.domain.file_edit import Chosen, EditKind, FileEdit
from bot.gitops.file_editor import edited
from bot.gitops.kustomize import Build
from bot.gitops.locator import locate
from bot.gitops.paste_text import paste
from bot.gitops.refusals import Stop
from bot.routing.native_lb import ANNOTATION
from tests.cluster.conftest import RealCluster
from tests.examples import examples
from tests.gitops.test_kustomize import CIRCLES, TWO_ROADS
from tests.gitops.trees import ANNOTATE, ROUTE, WEB, WEB_ROUTE, a_kustomization, a_tree
from tests.programs import catalogue
from tests.programs.program import ensure_built

NAMES = ("web", "eb", "db")


@cache
def kubectl() -> tuple[str, ...]:
    """The one that is built beside the control plane."""
    return str(ensure_built(catalogue.KUBERNETES)), "kubectl"


def built(files: Mapping[str, str], folder: str) -> list[dict[str, Any]] | None:
    """What kustomize makes of a folder; None where it refuses."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            target = Path(root, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        done = subprocess.run(  # noqa: S603  # our own arguments
            [*kubectl(), "kustomize", str(Path(root, folder))],
            capture_output=True,
            text=True,
            check=False,
        )
    return list(yaml.safe_load_all(done.stdout)) if done.returncode == 0 else None


def a_service(name: str, namespace: str) -> str:
    text = WEB.replace("name: web", f"name: {name}")
    return text.replace("  namespace: apps\n", f"  namespace: {namespace}\n" if namespace else "")


def a_patch(kind: str, name: str) -> dict[str, Any]:
    merge = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, "spec": {"a": "b"}}
    return {"patch": yaml.safe_dump(merge)}


def a_selection(target: dict[str, str]) -> dict[str, Any]:
    step = [{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}]
    return {"target": target, "patch": yaml.safe_dump(step)}


patches = st.builds(a_patch, st.sampled_from(["Service"]), st.sampled_from(NAMES)) | st.builds(
    a_selection,
    st.fixed_dictionaries(
        {},
        optional={
            "kind": st.sampled_from(["Service", "Ingress", "Serv.*"]),
            "name": st.sampled_from(
                ["web", "e", "w|eb", ".*b", "xweb", "(w|)e(b|x)", "(.*)*x", "(e|.*)."]
            ),
        },
    ).filter(bool),
)
layers = st.fixed_dictionaries(
    {},
    optional={
        "namePrefix": st.sampled_from(["w", "x-"]),
        "nameSuffix": st.just("b"),
        "namespace": st.sampled_from(["apps", "other"]),
        "patches": st.lists(patches, min_size=1, max_size=1),
        "commonAnnotations": st.just({"a": "b"}),
        "labels": st.just([{"pairs": {"a": "b"}}]),
    },
)
services = st.dictionaries(
    st.sampled_from(["one.yaml", "two.yaml"]),
    st.builds(a_service, st.sampled_from(NAMES), st.sampled_from(["", "apps"])),
    min_size=1,
)


@st.composite
def trees(draw: st.DrawFn) -> dict[str, str]:
    """A base, an overlay and a component, each with services and layers of its own."""
    files: dict[str, str] = {}
    for folder in ("base", "apps", "part"):
        own = draw(services) if folder != "part" else {}
        files |= {f"{folder}/{name}": text for name, text in own.items()}
        kustomization = {**draw(layers), "resources": sorted(own)}
        if folder == "apps":
            kustomization["resources"].append("../base")
            kustomization["components"] = ["../part"] if draw(st.booleans()) else []
        if folder == "part":
            kustomization |= {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
        files[f"{folder}/kustomization.yaml"] = yaml.safe_dump(kustomization)
    return files


def test_an_edit_changes_the_one_object_that_kustomize_makes_of_its_file(
    real: RealCluster,
) -> None:
    """Found where kustomize finds it, and nothing else of the build differs."""
    seen: Counter[str] = Counter()

    @settings(max_examples=examples(30), suppress_health_check=[HealthCheck.too_slow])
    @given(trees())
    def holds(files: dict[str, str]) -> None:
        hold(files, seen)

    holds()
    print(dict(seen))  # noqa: T201  # the figure is what one looks for
    assert seen["edited"] > examples(30) // 6
    assert len(seen) > 1


def hold(files: dict[str, str], seen: Counter[str]) -> None:
    """One tree, before and after the edit of each of its objects."""
    before = built(files, "apps")
    if before is None:
        seen["not built"] += 1
        return
    names = Counter((each["metadata"]["name"], _place(each)) for each in before)
    target = Target("Service", "apps", "web")
    found = Build(a_tree(files), target).root("apps", {})
    assert Counter((each.names[-1], each.namespace or "default") for each in found) == names
    for number, each in enumerate(before):
        target = Target("Service", _place(each), each["metadata"]["name"])
        edit = FileEdit(kind=EditKind.ANNOTATE, object=target)
        try:
            where = locate(a_tree(files), a_kustomization(), each, edit)
        except Stop as stop:
            seen[stop.reason] += 1
            continue
        seen["edited"] += 1
        text = edited(where.text, where.resource, edit)
        wanted = copy.deepcopy(before)
        annotations = wanted[number]["metadata"].setdefault("annotations", {})
        annotations[ANNOTATION] = "true"
        assert built({**files, where.resource.path: text}, "apps") == wanted


def _place(each: dict[str, Any]) -> str:
    return str(each["metadata"].get("namespace") or "default")


REFUSED = ("may not add resource with an already registered id", "cycle detected")
SAME = {
    case: {f"{name}/kustomization.yaml".lstrip("/"): own for name, own in folders.items()}
    for case, folders in (TWO_ROADS | CIRCLES).items()
    if "component" not in case and "../base/web.yaml" not in str(folders)
}


@pytest.mark.parametrize("folders", SAME.values(), ids=SAME.keys())
def test_kustomize_refuses_two_roads_to_a_folder_and_circles(
    folders: Mapping[str, object], real: RealCluster, tmp_path: Path
) -> None:
    """So whatever is refused here would not be applied by Flux."""
    base = {"base/kustomization.yaml": "resources: [web.yaml]", "base/web.yaml": WEB}
    own = {path: yaml.safe_dump(text) for path, text in folders.items()}
    for path, text in {**base, **own, "k0/copy.yaml": WEB}.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    done = subprocess.run(  # noqa: S603  # our own arguments
        [*kubectl(), "kustomize", str(tmp_path / "k0")], capture_output=True, text=True, check=False
    )
    assert any(words in done.stderr for words in REFUSED), done.stderr


CHOSEN = FileEdit(kind=EditKind.NATIVE_LB, object=ROUTE, services=(Chosen(0, 1, "other"),))


@pytest.mark.parametrize("edit", [ANNOTATE, CHOSEN], ids=lambda edit: edit.kind)
def test_the_text_to_paste_does_what_the_edit_does(edit: FileEdit, real: RealCluster) -> None:
    """As kustomize reads it."""
    files = {"apps/web.yaml": WEB, "apps/route.yaml": WEB_ROUTE}
    kustomization = "resources: [web.yaml, route.yaml]\n"
    whole = {**files, "apps/kustomization.yaml": kustomization}
    live = {"metadata": {"namespace": "apps", "name": "web"}}
    where = locate(a_tree(whole), a_kustomization(), live, edit)
    text = edited(where.text, where.resource, edit)
    pasted = {**files, "apps/kustomization.yaml": kustomization + paste(edit)}
    made = built(pasted, "apps")
    assert made is not None
    assert made == built({**whole, where.resource.path: text}, "apps")
    assert made != built(whole, "apps")
