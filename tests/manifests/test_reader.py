"""Reading objects from YAML and JSON, whatever people save."""

import io
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.errors import InputError
from bot.manifests.reader import MAX_BYTES, Manifests, parse, read_all

POD = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}'


def names(read: Manifests) -> list[str]:
    return [each["metadata"]["name"] for each in read.objects if isinstance(each, dict)]


def test_yaml_documents_are_read_in_order_and_times_stay_text() -> None:
    """A time is compared as the API server wrote it, so YAML must not make a date of it."""
    first_one = "metadata: {name: a, creationTimestamp: 2026-01-01T00:00:00Z}\n"
    text = f"{first_one}---\n# none\n---\nmetadata: {{name: b}}\n"
    read = parse(text.encode(), "x.yaml")
    assert names(read) == ["a", "b"]
    first = read.objects[0]
    assert isinstance(first, dict)
    assert first["metadata"]["creationTimestamp"] == "2026-01-01T00:00:00Z"


def test_a_directive_or_comment_alone_is_no_document() -> None:
    """`%YAML` and comments may stand before the first marker."""
    assert names(parse(b"%YAML 1.1\n---\nkind: A\nmetadata: {name: a}\n--- # end\n", "x")) == ["a"]


def test_lists_are_taken_apart_at_any_depth() -> None:
    """`kubectl get -o json` prints a List; the API serves typed lists whose items have no kind."""
    typed = '{"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "b"}}]}'
    read = parse(f'{{"kind": "List", "items": [{POD}, {typed}]}}'.encode(), "x.json")
    assert names(read) == ["a", "b"]
    assert [each["kind"] for each in read.objects if isinstance(each, dict)] == ["Pod", "Pod"]


def test_an_empty_list_is_no_error() -> None:
    """`kubectl get` that finds nothing prints one."""
    assert parse(b'{"kind": "List", "items": []}', "x") == Manifests()
    assert parse(b'{"kind": "List", "items": null}', "x") == Manifests()


def test_a_kind_that_only_ends_in_list_is_an_object() -> None:
    """An AllowList with a specification is not taken apart."""
    read = parse(b"kind: AllowList\nmetadata: {name: a}\nspec: {items: [1]}\n", "x")
    assert names(read) == ["a"]


def test_json_documents_may_follow_each_other() -> None:
    """A stream as jq or a loop around kubectl prints it."""
    assert names(parse(f"{POD}\n{POD}{POD}".encode(), "x")) == ["a", "a", "a"]


def test_utf_16_with_a_mark_is_read() -> None:
    """PowerShell's `>` writes it."""
    assert names(parse(POD.encode("utf-16"), "x")) == ["a"]


def test_a_bad_document_loses_no_other_and_says_its_line() -> None:
    """The file, the line, why, and what to do."""
    read = parse(
        b"kind: A\nmetadata: {name: a}\n---\nkind: [\n---\nkind: B\nmetadata: {name: b}\n", "x.yaml"
    )
    assert names(read) == ["a", "b"]
    assert [str(each).partition(":")[0] for each in read.problems] == ["x.yaml, line 5"]


def test_a_bad_json_document_keeps_those_before_it() -> None:
    """The line is that of the error."""
    read = parse(f'{POD}\n{{"kind": }}'.encode(), "x.json")
    assert names(read) == ["a"]
    assert "x.json, line 2" in str(read.problems[0])


def test_a_template_is_told_from_broken_yaml() -> None:
    """People give Helm templates: say how to render them."""
    for text in (b"{{ if .Values.on }}\nkind: A\n{{ end }}\n", b"kind: A\nx: {{ .Values.y }}\n"):
        assert "helm template" in str(parse(text, "x.yaml").problems[0])


ROUTE = "kind: IngressRoute\nmetadata: {{name: a}}\nspec: {{routes: [{{match: '{rule}'}}]}}\n"


@pytest.mark.parametrize(
    "text",
    [
        "kind: A\nmetadata: {name: '{{ .Release.Name }}'}\n",
        'kind: A\nmetadata:\n  name: a\n  namespace: "{{ app_namespace }}"\n',
        "kind: A\nmetadata: {name: a, labels: {app: '{{ include \"a.name\" . }}'}}\n",
        ROUTE.format(rule="Host(`{{ .Values.host }}`)"),
        "kind: List\nitems: [{kind: A, metadata: {name: 'x-{{ .Values.x }}'}}]\n",
        '{"kind": "Ingress", "metadata": {"name": "a"}, "spec": {"rules": [{"host": "{{ h }}"}]}}',
    ],
)
def test_a_template_in_quotes_is_a_template_too(text: str) -> None:
    """It is valid YAML or JSON, and still no object that a cluster could hold."""
    read = parse(text.encode(), "x.yaml")
    assert not read.objects
    assert "helm template" in str(read.problems[0])


@pytest.mark.parametrize(
    "text",
    [
        "kind: ExternalSecret\nmetadata: {name: a}\n"
        "spec: {target: {template: {data: {x: '{{ .password }}'}}}}\n",
        "kind: PrometheusRule\nmetadata: {name: a, annotations: {x: '{{ $value }}'}}\n",
        "kind: ConfigMap\nmetadata: {name: a}\ndata: {x: '{{ if .a }}b{{ end }}'}\n",
        "kind: ApplicationSet\nmetadata: {name: a}\n"
        "spec: {template: {metadata: {name: '{{ .name }}'}}}\n",
        ROUTE.format(rule="HostRegexp(`{sub:[a-z]{2}}.example.org`)"),
    ],
)
def test_a_template_inside_an_object_is_its_own(text: str) -> None:
    """External Secrets, Prometheus and Argo CD fill in such templates themselves."""
    assert names(parse(text.encode(), "x.yaml")) == ["a"]


def test_a_template_loses_no_other_object() -> None:
    """The line is that of the first action."""
    read = parse(b"metadata: {name: a}\n---\nkind: A\nmetadata: {name: '{{ x }}'}\n", "x.yaml")
    assert names(read) == ["a"]
    assert "x.yaml, line 4: it looks like a template" in str(read.problems[0])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x 1\nb: &x 2\nc: *x\n", 2),
        ("a: &x 1\nc: *x\nb: &x 2\n", 1),
        ("a: &x {y: 1}\nb: &x {y: 2}\nc: {<<: *x}\n", {"y": 2}),
        ("a: &x [&x 1, *x]\nc: *x\n", 1),
        ("a: &x [1]\nb: &x [*y]\nc: 1\n", None),
        ("a: &x [1]\nb: &x [*x]\nc: 1\n", None),
        ("a: &x 1\nb: &x 2\nd: &x 3\nc: 2025-01-01T00:00:00Z\n", "2025-01-01T00:00:00Z"),
    ],
)
def test_of_a_repeated_anchor_the_latest_counts(text: str, value: object) -> None:
    """YAML allows it, and kubectl and Flux read it so. An alias of nothing or of itself is none."""
    read = parse(text.encode(), "x.yaml")
    assert [each["c"] for each in read.objects if isinstance(each, dict)] == [value] * bool(value)
    assert len(read.problems) == (not value)


def test_an_anchor_ends_with_its_document() -> None:
    """An alias never reaches into the document before."""
    read = parse(b"a: &x 1\nb: &x 2\n---\nc: *x\n---\nd: &x 1\ne: &x 2\n", "x.yaml")
    assert read.objects == ({"a": 1, "b": 2}, {"d": 1, "e": 2})
    assert "line 4" in str(read.problems[0])


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000,
        "- " * 100_000 + "a",
        "a: &a [*a]",
        "x: !!python/object:os.system {}",
        "x: !!int nine",
        "? [a]\n: {}\n? {b: c}\n: d",
        "a: \x00",
        "\ta: b",
    ],
)
def test_hostile_text_is_refused_with_a_message(text: str) -> None:
    """Neither the stack nor the memory nor a class of Python is reached."""
    read = parse(text.encode(), "x.yaml")
    assert not read.objects
    assert str(read.problems[0]).startswith("x.yaml")


def test_aliases_that_multiply_are_refused() -> None:
    """Ten lines of aliases of aliases would stand for a billion nodes."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    anchors = ["x", "y"] * 5
    renewed = [
        f"a{n}: &{anchor} [{', '.join([f'*{earlier}'] * 10)}]"
        for n, (earlier, anchor) in enumerate(pairwise(anchors))
    ]
    for text in ("\n".join(lines), "\n".join(["a: &x [1]", "b: &x [2, 3]", *renewed])):
        read = parse(text.encode(), "bomb.yaml")
        assert not read.objects
        assert "aliases" in str(read.problems[0])


def test_honest_aliases_are_read() -> None:
    """Anchors and merge keys are ordinary YAML."""
    read = parse(b"metadata: &m {name: a}\nother: *m\nmerged: {<<: *m}\nkind: A\n", "x")
    assert names(read) == ["a"]


def test_one_file_that_cannot_be_read_loses_no_other(tmp_path: Path) -> None:
    """Missing, a directory, binary, empty and too large: each is named, the rest is read."""
    good, binary, empty, large = (tmp_path / name for name in ("good", "binary", "empty", "large"))
    good.write_text(POD)
    binary.write_bytes(b"a: b\n\xff\xfe\xfd")
    empty.write_text("# nothing\n")
    with large.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    missing = tmp_path / "missing"
    read = read_all([str(each) for each in (missing, tmp_path, binary, empty, large, good)])
    assert names(read) == ["a"]
    told = [str(each) for each in read.problems]
    assert len(told) == 5
    for message, word in zip(
        told, ("No such file", "directory", "line 2", "no object", "MiB"), strict=True
    ):
        assert word in message


def test_a_dash_is_standard_input() -> None:
    """As kubectl's -f -."""
    assert names(read_all(["-"], stdin=io.BytesIO(POD.encode()))) == ["a"]


@given(some.binary(max_size=200) | some.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """No input raises anything but an InputError."""
    try:
        parse(body, "x")
    except InputError:
        return


def test_a_merged_key_may_be_given_again() -> None:
    """Also where the mapping that is merged has merged others itself."""
    text = """
base: &base {a: 1, b: 2}
middle: &middle {<<: *base, a: 3}
data: {<<: *middle, a: 4, c: 5}
again: {<<: [*base, *middle], b: 6}
"""
    (read,) = parse(text.encode(), "x").objects
    assert isinstance(read, dict)
    assert read["data"] == {"a": 4, "b": 2, "c": 5}
    assert read["again"] == {"a": 1, "b": 6}


def test_keys_are_texts_as_in_json() -> None:
    """`on`, `no` and numbers are keys too, and kubectl reads them so."""
    text = "metadata: {labels: {on: x, 2: y, 1.5: z, null: n}}\n"
    (read,) = parse(text.encode(), "x").objects
    assert read == {"metadata": {"labels": {"true": "x", "2": "y", "1.5": "z", "null": "n"}}}
