"""One object's edit: the parsed difference is the intended one and no other byte changes, or no."""

import copy
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.finding import Target
from bot.gitops.documents import objects
from bot.gitops.domain.file_edit import Chosen, EditKind, FileEdit
from bot.gitops.file_editor import MOST_LINES, annotated, edited, replaced
from bot.gitops.kustomize import FileObject
from bot.gitops.refusals import FileReason, Stop
from bot.manifests.edit import Misfit
from bot.routing.native_lb import ANNOTATION, FIELD
from tests.gitops.test_native_lb_edit import layouts
from tests.gitops.trees import ANNOTATE, INGRESS, NATIVE_LB, WEB, WEB_INGRESS, WEB_ROUTE
from tests.gitops.trees import annotated as by_hand

MADE = (
    {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"name": "web", "namespace": "apps"},
        "spec": {"entryPoints": ["web"], "routes": []},
    },
    {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"name": "web-tls", "namespace": "apps"},
        "spec": {"routes": [], "tls": {"secretName": "no"}},
    },
)
REPLACE = FileEdit(kind=EditKind.REPLACE, object=INGRESS, manifests=MADE)


def found(text: str, number: int = 0, *names: str) -> FileObject:
    manifest = list(yaml.safe_load_all(text))[number]
    return FileObject("apps/web.yaml", number, (), manifest, names or ("web",), "apps")


def test_the_annotation_is_two_lines_where_there_was_none():
    """In the place and with the indentation that people would choose."""
    assert edited(WEB, found(WEB), ANNOTATE) == by_hand(WEB)


WRITTEN = {
    "metadata:\n    name: web\n": 'metadata:\n    name: web\n    annotations:\n        A: "true"\n',
    "metadata:\n  name: web\n  annotations:\n    a: b # c\n": (
        'metadata:\n  name: web\n  annotations:\n    a: b # c\n    A: "true"\n'
    ),
    "metadata:\n  name: web\n  annotations: {}\n": (
        'metadata:\n  name: web\n  annotations: {A: "true"}\n'
    ),
    "metadata:\n  name: web\n  annotations: # none\n": (
        'metadata:\n  name: web\n  annotations: {A: "true"} # none\n'
    ),
    "metadata:\n  annotations:\n    'A': \"false\"\n": (
        "metadata:\n  annotations:\n    'A': \"true\"\n"
    ),
    "metadata: {name: web}\n": 'metadata: {name: web, annotations: {A: "true"}}\n',
    '{"metadata": {"name": "web", "annotations": {"a": "b"}}}': (
        '{"metadata": {"name": "web", "annotations": {"a": "b", "A": "true"}}}'
    ),
    "metadata:\r\n  name: web\r\nspec:\r\n": (
        'metadata:\r\n  name: web\r\n  annotations:\r\n    A: "true"\r\nspec:\r\n'
    ),
}


@pytest.mark.parametrize(("before", "after"), WRITTEN.items())
def test_each_way_to_write_metadata_keeps_its_layout(before: str, after: str):
    """Line ends, quotes, braces and comments."""
    assert annotated(before.replace("A", ANNOTATION), 0) == after.replace("A", ANNOTATION)


@pytest.mark.parametrize("value", ["hello", "5", "[a, b]", "!!set {a, b}", "!!omap [a: b]", "true"])
def test_annotations_that_are_no_mapping_are_left_alone(value: str):
    """The API server would refuse them, so the live object has others."""
    text = WEB.replace("  namespace: apps\n", f"  namespace: apps\n  annotations: {value}\n")
    with pytest.raises(Stop) as caught:
        edited(text, found(text), ANNOTATE)
    assert caught.value.reason is FileReason.MISPLACED


def test_a_shared_mapping_is_not_annotated():
    """An anchor would carry it to another object."""
    text = "metadata: &m\n  name: web\nother: *m\n"
    with pytest.raises(Misfit):
        annotated(text, 0)


def test_what_is_there_already_is_said():
    """Nothing is pushed then."""
    with pytest.raises(Stop) as caught:
        edited(by_hand(WEB), found(by_hand(WEB)), ANNOTATE)
    assert caught.value.reason is FileReason.ALREADY


def test_a_file_of_more_lines_than_are_compared_is_refused():
    """Of 250,000 lines that are alike, the difference took a minute."""
    with pytest.raises(Stop) as caught:
        edited(WEB + "#\n" * MOST_LINES, found(WEB), ANNOTATE)
    assert caught.value.reason is FileReason.TOO_LARGE


def test_only_the_chosen_service_of_a_route_is_switched():
    """The other one, and every comment, stay."""
    edit = FileEdit(
        kind=EditKind.NATIVE_LB, object=NATIVE_LB.object, services=(Chosen(0, 1, "other"),)
    )
    text = edited(WEB_ROUTE, found(WEB_ROUTE), edit)
    assert text == f"{WEB_ROUTE}          nativeLB: true\n"


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        (Chosen(0, 0, "other"), FileReason.DIFFERENT),
        (Chosen(0, 9, "web"), FileReason.DIFFERENT),
        (Chosen(9, 0, "web"), FileReason.DIFFERENT),
    ],
)
def test_a_file_that_says_something_else_than_the_object_is_refused(
    chosen: Chosen, reason: FileReason
):
    """Somebody pushed in between, or Flux has not applied it yet."""
    edit = FileEdit(kind=EditKind.NATIVE_LB, object=NATIVE_LB.object, services=(chosen,))
    with pytest.raises(Stop) as caught:
        edited(WEB_ROUTE, found(WEB_ROUTE), edit)
    assert caught.value.reason is reason


def test_a_service_whose_sticky_cookie_names_a_pod_is_refused_in_the_file_too():
    """The file may say more than the plan knew."""
    text = WEB_ROUTE.replace("          port: 80\n", "          sticky: {cookie: {}}\n", 1)
    edit = FileEdit(
        kind=EditKind.NATIVE_LB, object=NATIVE_LB.object, services=(Chosen(0, 0, "web"),)
    )
    with pytest.raises(Stop) as caught:
        edited(text, found(text), edit)
    assert caught.value.reason is FileReason.UNFIT


@pytest.mark.parametrize("before", ["", f"{WEB}---\n", f"# first\n---\n{WEB}---\n# the route\n"])
@pytest.mark.parametrize("after", ["", f"---\n{WEB}", f"\n# the end\n\n---\n# next\n{WEB}..."])
def test_an_ingress_makes_way_and_everything_around_it_stays(before: str, after: str):
    """Comments before and behind it, and the other documents."""
    text = before + WEB_INGRESS + after
    number = [each and each.get("kind") for each in yaml.safe_load_all(text)].index("Ingress")
    made = edited(text, found(text, number), REPLACE)
    assert made.startswith(before)
    assert made.endswith(after)
    documents = list(yaml.safe_load_all(text))
    documents[number : number + 1] = list(MADE)
    assert list(yaml.safe_load_all(made)) == documents


def test_a_file_with_other_line_ends_keeps_them():
    """No line of the new document ends otherwise."""
    made = edited(WEB_INGRESS.replace("\n", "\r\n"), found(WEB_INGRESS), REPLACE)
    assert made.count("\n") == made.count("\r\n") > 5


def test_a_name_prefix_is_taken_off_what_is_written():
    """Kustomize will put it on again."""
    text = WEB_INGRESS.replace("name: web", "name: eb")
    made = edited(text, found(text, 0, "eb", "web"), REPLACE)
    names = [each["metadata"]["name"] for each in yaml.safe_load_all(made)]
    assert names == ["eb", "eb-tls"]


MISPLACED = ["--- {kind: Ingress}\n", "!x\nkind: Ingress\n"]


@pytest.mark.parametrize("text", MISPLACED)
def test_a_document_whose_bounds_are_not_plain_is_not_replaced(text: str):
    """Nor is an item of a list."""
    with pytest.raises((Misfit, yaml.YAMLError)):
        replaced(text, 0, MADE)


metadata = st.dictionaries(
    st.sampled_from(["name", "labels", "annotations", ANNOTATION]),
    st.none()
    | st.text("ab: '\"#{}\n-", max_size=6)
    | st.dictionaries(
        st.sampled_from(["a", "b/c", ANNOTATION]), st.text("ab: '\"#{}\n-", max_size=6), max_size=3
    ),
    max_size=4,
)


@given(metadata, layouts)
def test_whatever_the_layout_only_the_annotation_differs(
    given_metadata: dict[str, Any], layout: dict[str, Any]
):
    """Or the file stays as it is, with a reason."""
    document = {"kind": "Service", "metadata": given_metadata, "spec": {"a": 1}}
    before = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, **layout)
    try:
        after = annotated(before, 0)
    except (Misfit, AttributeError, TypeError, ValueError):
        return
    wanted = copy.deepcopy(document)
    wanted["metadata"]["annotations"] = {
        **(given_metadata.get("annotations") or {}),
        ANNOTATION: "true",
    }
    assert yaml.safe_load(after) == wanted
    there = given_metadata.get("annotations")
    # A value of six characters may be folded; a key whose value is none or empty is filled.
    valued = "annotations" in given_metadata and (not there or ANNOTATION in there)
    assert removed(before, after) <= (80 if valued else 0)


def removed(before: str, after: str) -> int:
    """How many characters went, at the one place where something changed."""
    start = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), None)
    if start is None:
        return 0
    end = 0
    while end < len(before) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return len(before) - start - end


def _documents(data: Path, kind: str) -> dict[str, str]:
    lines = (data / "corpus/documents.jsonl").read_text().splitlines()
    files = {each["file"] for each in map(json.loads, lines) if each["kind"] == kind}
    return {file: (data / "corpus" / file).read_bytes().decode() for file in sorted(files)}


LONG = 6_000
"""Characters: a CRD or a bundle of a whole chart has more."""


def _every_service(data: Path) -> Iterator[tuple[str, str]]:
    """Files with Services, and some others: metadata is metadata. Not the few that take seconds."""
    for number, path in enumerate(sorted((data / "corpus").rglob("*.y*ml"))):
        text = path.read_bytes().decode()
        if len(text) < LONG and ("\nkind: Service\n" in text or number % 48 == 0):
            yield str(path), text


@pytest.mark.slow
def test_every_service_of_the_corpus_is_annotated_exactly_or_refused(data: Path):
    """Each line that was there is there still, in its order."""
    results: Counter[str] = Counter()
    for file, text in _every_service(data):
        try:
            documents = list(yaml.load_all(text, Loader=yaml.CSafeLoader))
        except yaml.YAMLError:
            continue
        # The first and the last documents of a file: what is between them is no other case.
        for number in {*range(2), len(documents) - 1} & {*range(len(documents))}:
            for prefix, manifest in objects(documents[number]):
                if isinstance(manifest, dict) and isinstance(manifest.get("metadata"), dict):
                    results[_annotating(text, number, prefix, file)] += 1
                    break
    print(dict(results))  # noqa: T201  # the figure is what one looks for
    assert results["done"] > 0.9 * results.total() > 200


def _annotating(text: str, number: int, prefix: Any, file: str) -> str:
    try:
        after = annotated(text, number, prefix)
    except Misfit as misfit:
        return str(misfit)
    except Stop as stop:
        return stop.reason
    assert after.count("\n") - text.count("\n") in (0, 1, 2), file
    assert removed(text, after) <= (len("false") if ANNOTATION in text else 0), file
    return "done"


@pytest.mark.slow
def test_every_ingress_of_the_corpus_is_replaced_exactly_or_refused(data: Path):
    """What stands before it and behind it is the same text."""
    results: Counter[str] = Counter()
    for file, text in _documents(data, "Ingress").items():
        documents = list(yaml.load_all(text, Loader=yaml.CSafeLoader))
        for number, document in enumerate(documents):
            if not isinstance(document, dict) or document.get("kind") != "Ingress":
                continue
            try:
                after = replaced(text, number, MADE)
            except (Misfit, Stop) as no:
                results[type(no).__name__] += 1
                continue
            results["done"] += 1
            wanted = [*documents[:number], *MADE, *documents[number + 1 :]]
            assert list(yaml.load_all(after, Loader=yaml.CSafeLoader)) == wanted, file
            before, _, behind = text.partition("kind: Ingress")
            assert after.startswith(before[: before.rfind("apiVersion")].rpartition("---")[0]), file
            del behind
    print(dict(results))  # noqa: T201  # the figure is what one looks for
    assert results["done"] > 0.9 * results.total()


@pytest.mark.slow
def test_one_route_of_each_file_of_the_corpus_is_edited_alone(data: Path):
    """The last one, and all of its services: others in the file stay as they were."""
    results: Counter[str] = Counter()
    for file, text in _documents(data, "IngressRoute").items():
        documents = list(yaml.load_all(text, Loader=yaml.CSafeLoader))
        number = max(
            i
            for i, each in enumerate(documents)
            if isinstance(each, dict) and each.get("kind") in ("IngressRoute", "List")
        )
        if documents[number].get("kind") != "IngressRoute":
            continue
        each = FileObject(file, number, (), documents[number], ("x",), "y")
        edit = FileEdit(kind=EditKind.NATIVE_LB, object=Target("IngressRoute", "y", "x"))
        try:
            after = edited(text, each, edit)
        except Stop as stop:
            results[stop.reason] += 1
            continue
        results["done"] += 1
        now = list(yaml.load_all(after, Loader=yaml.CSafeLoader))
        assert now[:number] == documents[:number], file
        assert now[number + 1 :] == documents[number + 1 :], file
        assert text.count("\n") + after.count(FIELD) - text.count(FIELD) >= after.count("\n") - 1
    print(dict(results))  # noqa: T201  # the figure is what one looks for
    assert results["done"] > 0.8 * results.total()
