"""A tree of kustomizations is read within bounds, however few files it takes to write it."""

from collections.abc import Mapping

import pytest
import yaml

from bot.gitops.documents import MOST_OBJECTS, Texts
from bot.gitops.kustomize import NAMES, Build, FileObject
from bot.gitops.refusals import FileReason, Stop
from tests.gitops.trees import SERVICE, WEB, a_tree
from tests.pumping import limited

SECONDS = 20
"""CPU time; what has no bound takes hours."""


def built(files: Mapping[str, object]) -> list[FileObject]:
    texts = {
        path: text if isinstance(text, str) else yaml.safe_dump(text)
        for path, text in files.items()
    }
    with limited(SECONDS):
        return Build(a_tree(texts), SERVICE).root("k0", {})


def refused(files: Mapping[str, object]) -> Stop:
    with pytest.raises(Stop) as caught:
        built(files)
    return caught.value


def layer(number: int) -> str:
    return f"k{number}/kustomization.yaml"


def test_a_folder_that_is_named_twice_is_refused() -> None:
    """As kustomize refuses it: its objects would be there twice."""
    for also in ("../k1", "../k1/", "./../k1/."):
        files = {layer(0): {"resources": ["../k1", also]}, layer(1): {"resources": ["web.yaml"]}}
        stop = refused({**files, "k1/web.yaml": WEB})
        assert stop.reason is FileReason.UNREADABLE
        assert stop.detail == "k0 names k1 twice"
    files = {layer(0): {"resources": ["../k1"], "bases": ["../k1"]}, layer(1): {}}
    assert refused(files).detail == "k0 names k1 twice"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("below", ["", "k1/"])
def test_a_folder_with_the_name_of_a_kustomization_is_not_read_as_one(
    name: str, below: str
) -> None:
    """Neither to kustomize nor to Flux; it ended the whole reading."""
    found = built({f"k0/{below}{name}/x.yaml": WEB, "k0/readme.md": ""})
    assert [file.path for file in found] == [f"k0/{below}{name}/x.yaml"]


def test_a_base_of_two_overlays_is_read_once_for_each() -> None:
    """Kustomize allows it where a layer renames them: they are two objects."""
    files = {
        layer(0): {"resources": ["../a", "../b"]},
        "a/kustomization.yaml": {"resources": ["../base"], "namePrefix": "a-"},
        "b/kustomization.yaml": {"resources": ["../base"], "namePrefix": "b-"},
        "base/kustomization.yaml": {"resources": ["web.yaml"]},
        "base/web.yaml": WEB,
    }
    assert [found.names[-1] for found in built(files)] == ["a-web", "b-web"]


TWO_ROADS: dict[str, dict[str, object]] = {
    "a file that is named twice": {"k0": {"resources": ["../base/web.yaml", "../base/web.yaml"]}},
    "a file and its folder": {"k0": {"resources": ["../base", "../base/web.yaml"]}},
    "two folders above it": {
        "k0": {"resources": ["../a", "../b"]},
        "a": {"resources": ["../base"]},
        "b": {"resources": ["../x/../base"]},
    },
    "a short road and a long one": {
        "k0": {"resources": ["../base", "../a"]},
        "a": {"resources": ["../b"]},
        "b": {"resources": ["../base"]},
    },
    "names that are given and are the same": {
        "k0": {"resources": ["../a", "../b"]},
        "a": {"resources": ["../base"], "namePrefix": "x-", "namespace": "one"},
        "b": {"resources": ["../base"], "namePrefix": "x-", "namespace": "one"},
    },
    "names that only differ below": {
        "k0": {"resources": ["../a", "../b"], "namespace": "one"},
        "a": {"resources": ["../base"], "namespace": "two"},
        "b": {"resources": ["../base"], "namespace": "two"},
    },
    "a component that is named twice": {"k0": {"components": ["../base", "../base"]}},
    "a component and a folder": {"k0": {"resources": ["../base"], "components": ["../base"]}},
    "a component below another": {
        "k0": {"components": ["../a", "../base"]},
        "a": {"components": ["../base"]},
    },
    "a copy": {"k0": {"resources": ["../base", "copy.yaml"]}},
}


@pytest.mark.parametrize("folders", TWO_ROADS.values(), ids=TWO_ROADS.keys())
def test_a_folder_that_two_roads_lead_to_is_refused(folders: dict[str, object]) -> None:
    """As kustomize refuses its objects: "may not add resource with an already registered id"."""
    files: dict[str, object] = {f"{name}/kustomization.yaml": own for name, own in folders.items()}
    files |= {"base/kustomization.yaml": {"resources": ["web.yaml"]}, "base/web.yaml": WEB}
    stop = refused({**files, "k0/copy.yaml": WEB})
    assert stop.reason is FileReason.TWICE
    assert "web, from " in stop.detail


def test_what_a_layer_may_rename_or_delete_is_no_second_one() -> None:
    """A patch or a transformer does; what it touches is never edited."""
    files: dict[str, object] = {
        layer(0): {"resources": ["../base", "../a"]},
        "a/kustomization.yaml": {"resources": ["../base"], "transformers": ["names.yaml"]},
        "base/kustomization.yaml": {"resources": ["web.yaml"]},
        "base/web.yaml": WEB,
    }
    assert len(built(files)) == 2


CIRCLES: dict[str, dict[str, object]] = {
    "itself": {"k0": {"resources": ["."]}},
    "two that name each other": {"k0": {"resources": ["../a"]}, "a": {"resources": ["../k0"]}},
    "a folder above": {"k0": {"resources": ["a"]}, "k0/a": {"resources": [".."]}},
    "the root": {"k0": {"resources": ["../a"]}, "a": {"resources": [".."]}, "": {"resources": []}},
    "a component": {"k0": {"components": ["../a"]}, "a": {"components": ["../k0"]}},
    "through a component": {"k0": {"resources": ["../a"]}, "a": {"components": ["../k0"]}},
}


@pytest.mark.parametrize("folders", CIRCLES.values(), ids=CIRCLES.keys())
def test_a_circle_is_refused_at_its_first_turn(folders: dict[str, object]) -> None:
    """Kustomize's "cycle detected": a root that holds one of those that led to it."""
    files = {f"{name}/kustomization.yaml".lstrip("/"): own for name, own in folders.items()}
    stop = refused(files)
    assert stop.reason is FileReason.UNREADABLE
    assert "leads back to" in stop.detail


def diamonds(number: int) -> dict[str, object]:
    """2^number ways to the folder `last`, each layer by two folders beside it."""
    files: dict[str, object] = {"last/kustomization.yaml": {"resources": ["web.yaml"]}}
    files |= {"last/web.yaml": WEB, layer(number): {"resources": ["../last"]}}
    for above in range(number):
        files[layer(above)] = {"resources": [f"../x{above}", f"../y{above}"]}
        for side in "xy":
            below = {"resources": [f"../k{above + 1}"], "nameSuffix": f"-{side}"}
            files[f"{side}{above}/kustomization.yaml"] = below
    return files


@pytest.mark.slow
def test_a_tree_that_doubles_with_each_layer_is_refused() -> None:
    """Within the depth that is allowed; kustomize would make all of its objects."""
    assert len(built(diamonds(5))) == 32
    assert refused(diamonds(14)).reason is FileReason.TOO_LARGE


def test_components_that_double_are_refused() -> None:
    """Kustomize lets one be named twice, so it is their number that is bounded."""
    files: dict[str, object] = {layer(28): {"labels": []}}
    for above in range(28):
        files[layer(above)] = {"components": [f"../k{above + 1}"] * 2}
    stop = refused(files)
    assert stop.reason is FileReason.TOO_LARGE
    assert stop.detail == "more than 5,000 files and folders are named"


def test_a_file_of_many_objects_is_not_read() -> None:
    """Of which each is small: documents, or items of a list."""
    many = {
        "documents": "---\nkind: A\n" * (MOST_OBJECTS + 1),
        "items": "kind: List\nitems:\n" + "- kind: A\n" * (MOST_OBJECTS + 1),
    }
    for text in many.values():
        build = Build(
            a_tree({"k0/kustomization.yaml": "resources: [a.yaml]", "k0/a.yaml": text}), SERVICE
        )
        assert build.root("k0", {}) == []
        assert build.unseen == [
            (FileReason.TOO_LARGE, f"k0/a.yaml has more than {MOST_OBJECTS:,} objects")
        ]


def test_files_are_read_up_to_a_size_that_they_have_together() -> None:
    """Though each of them may be read."""
    texts = Texts(a_tree({f"{number}.yaml": "# " + "x" * 1_000_000 for number in range(20)}))
    for number in range(16):
        assert texts.file(f"{number}.yaml") == []
    with pytest.raises(Stop, match="more than 16 MiB of them"):
        texts.file("16.yaml")


OTHER = "---\nkind: Service\nmetadata: {name: other}\n"
LAST: dict[str, dict[str, object]] = {
    "patches": {"patches": [{"patch": OTHER + "#" * 1000}] * 500},
    "a long patch": {"patches": [{"patch": OTHER * 5000}]},
    "a file of patches": {"patches": [{"path": "others.yaml"}]},
    "replacements": {"replacements": [{"targets": [{"select": {"name": "(a|b).*"}}] * 5000}]},
    "files that are not there": {"resources": [f"{number}.yaml" for number in range(5000)]},
    "other objects": {"resources": ["configmaps.yaml"]},
}


@pytest.mark.slow
@pytest.mark.parametrize("last", LAST.values(), ids=LAST.keys())
def test_what_lies_behind_thousands_of_ways_counts_as_often(last: dict[str, object]) -> None:
    """Each patch of each object, and every object of another kind."""
    own = {"resources": ["web.yaml"], **last}
    files = {"last/kustomization.yaml": own, "last/others.yaml": OTHER * 5000}
    files["last/configmaps.yaml"] = OTHER.replace("Service", "ConfigMap") * 5000
    assert refused({**diamonds(9), **files}).reason is FileReason.TOO_LARGE


def test_a_text_that_is_no_yaml_is_read_once() -> None:
    """However many ways lead to it."""
    assert built({**diamonds(9), "last/web.yaml": "a: [\n" * 10_000}) == []


def test_a_file_of_replacements_that_names_itself_ends() -> None:
    """Kustomize follows none of it: it is taken for any object's."""
    files = {layer(0): {"resources": ["web.yaml"], "replacements": [{"path": "r.yaml"}]}}
    files |= {"k0/web.yaml": WEB, "k0/r.yaml": [{"path": "r.yaml"}, {"path": "r.yaml"}]}
    (found,) = built(files)
    assert found.against == ((FileReason.TRANSFORMED, "replacements"),)


@pytest.mark.parametrize("pattern", ["(.*)*x", "(a|a)" * 40 + "x", ".*" * 100 + "x"])
def test_a_pattern_of_the_repository_is_not_run_as_it_stands(pattern: str) -> None:
    """Nor does it take its time with an object that has a long name."""
    patch = {"target": {"name": pattern}, "patch": "[]"}
    files = {layer(0): {"resources": ["web.yaml"], "patches": [patch]}}
    (found,) = built({**files, "k0/web.yaml": WEB.replace("name: web", f"name: {'a' * 200}")})
    assert bool(found.against) == (pattern == "(.*)*x")


def test_patterns_are_tried_on_each_of_the_names_of_an_object_within_bounds() -> None:
    """A name more with each layer, and every pattern is tried on all of them."""
    pattern = {"target": {"kind": "Service", "name": "a.*q"}, "patch": "a: b"}
    files: dict[str, object] = {
        layer(number): {"resources": [f"../k{number + 1}"], "namePrefix": "a"}
        | {"patches": [pattern] * 20}
        for number in range(25)
    }
    files[layer(25)] = {"resources": ["web.yaml"]}
    files["k25/web.yaml"] = "---\n".join(
        WEB.replace("name: web", f"name: w{'b' * 150}{number}") for number in range(100)
    )
    with limited(SECONDS / 4):
        assert "more than 300,000 resources and patches" in refused(files).detail


@pytest.mark.parametrize("way", ["a/" * 300_000, "../" * 300_000, "x" * 5000])
def test_a_path_that_no_system_has_is_not_looked_up(way: str) -> None:
    """Each part of it would be, with all that stand before it."""
    with limited(SECONDS / 4):
        stop = refused({layer(0): {"components": [way]}})
    assert stop.reason is FileReason.TOO_LARGE
    assert stop.detail == "a path has more than 4,096 characters"
