"""`meshmedic route convert`, run as people run it."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from tests import warm

INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: apps}
spec:
  rules:
    - host: a.example
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
"""

RESOURCE = INGRESS.replace(
    "{service: {name: web, port: {number: 80}}}", "{resource: {kind: S, name: s}}"
)
NGINX = INGRESS.replace("spec:\n", "spec:\n  ingressClassName: nginx\n")
SERVICE = "kind: Service\nmetadata: {name: web, namespace: apps}\nspec: {ports: [{port: 80}]}\n"


def run(
    *arguments: str, cwd: Path, stdin: bytes = b"", version: str = "3.6.13"
) -> subprocess.CompletedProcess[bytes]:
    command = ("-m", "bot", "route", "convert", "--traefik-version", version)
    return warm.python(*command, *arguments, cwd=cwd, stdin=stdin, env={"PATH": "/usr/bin:/bin"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"web": INGRESS, "res": RESOURCE, "nginx": NGINX, "svc": SERVICE}.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def test_ingress_routes_stand_on_standard_output_as_yaml(folder: Path) -> None:
    made = run("web.yaml", "svc.yaml", cwd=folder)
    assert (made.returncode, made.stderr) == (0, b"meshmedic: svc.yaml: it has no Ingress.\n")
    (route,) = yaml.safe_load_all(made.stdout)
    assert (route["kind"], route["metadata"]) == (
        "IngressRoute",
        {"name": "web", "namespace": "apps"},
    )
    assert route["spec"]["routes"][0]["services"] == [{"name": "web", "port": 80, "nativeLB": True}]


def test_refusals_stand_on_standard_error_with_the_reason(folder: Path) -> None:
    made = run("res.yaml", cwd=folder)
    assert (made.returncode, made.stdout) == (1, b"")
    assert b"res.yaml: Ingress apps/web: refused: resource-backend: " in made.stderr
    assert b"Let the path lead to a Service." in made.stderr


def test_each_ingress_is_a_line_of_json(folder: Path) -> None:
    files = ("web.yaml", "res.yaml", "nginx.yaml", "svc.yaml")
    made = run(*files, "--output", "json", cwd=folder)
    assert (made.returncode, made.stderr) == (1, b"")
    lines = [json.loads(line) for line in made.stdout.splitlines()]
    assert [(each["file"], each["result"], each["code"]) for each in lines] == [
        ("web.yaml", "converted", ""),
        ("res.yaml", "refused", "resource-backend"),
        ("nginx.yaml", "unchanged", ""),
    ]
    assert {"document", "name", "namespace", "reason", "manifests", "warnings"} < set(lines[0])
    assert [each["kind"] for each in lines[0]["manifests"]] == ["IngressRoute"]
    assert lines[1]["manifests"] == lines[2]["manifests"] == []
    assert "class is nginx" in lines[2]["reason"] or "class nginx" in lines[2]["reason"]


def test_documents_are_counted_as_route_edit_does(tmp_path: Path) -> None:
    """Empty ones count; the items of a list have its number; a bad one loses no other."""
    listed = {"apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(INGRESS)] * 2}
    parts = ["# nothing\n", SERVICE, "", "a: [\n", INGRESS, json.dumps(listed) + "\n"]
    (tmp_path / "all.yaml").write_text("---\n".join(parts))
    made = run("all.yaml", "--output", "json", cwd=tmp_path)
    assert made.returncode == 2
    assert b"all.yaml, line" in made.stderr
    assert [json.loads(line)["document"] for line in made.stdout.splitlines()] == [3, 4, 4]


def test_what_is_made_has_names_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "twice.yaml").write_text(f"{INGRESS}---\n{INGRESS}")
    made = run("twice.yaml", cwd=tmp_path)
    assert [each["metadata"]["name"] for each in yaml.safe_load_all(made.stdout)] == [
        "web",
        "web-2",
    ]


def test_a_service_in_another_file_tells_that_it_has_no_vip(folder: Path) -> None:
    (folder / "svc.yaml").write_text(SERVICE.replace("spec: {", "spec: {clusterIP: None, "))
    made = run("web.yaml", "svc.yaml", cwd=folder)
    assert (made.returncode, made.stdout) == (1, b"")
    assert b"headless-service" in made.stderr


def test_of_two_services_of_one_name_that_of_the_same_file_counts(folder: Path) -> None:
    headless = SERVICE.replace("spec: {", "spec: {clusterIP: None, ")
    (folder / "web.yaml").write_text(f"{INGRESS}---\n{SERVICE}")
    (folder / "svc.yaml").write_text(headless)
    assert run("web.yaml", "svc.yaml", cwd=folder).returncode == 0
    (folder / "web.yaml").write_text(f"{headless}---\n{INGRESS}")
    (folder / "svc.yaml").write_text(SERVICE)
    assert run("web.yaml", "svc.yaml", cwd=folder).returncode == 1


def test_a_file_that_cannot_be_read_stops_no_other(folder: Path) -> None:
    (folder / "bad.yaml").write_bytes(b"a: [\n")
    (folder / "latin.yaml").write_bytes(b"a: \xe9\n")
    made = run("bad.yaml", "latin.yaml", "absent.yaml", "web.yaml", cwd=folder)
    assert made.returncode == 2
    assert b"kind: IngressRoute" in made.stdout
    assert all(name in made.stderr for name in (b"bad.yaml", b"latin.yaml", b"absent.yaml"))
    assert b"Traceback" not in made.stderr


def test_standard_input_is_a_file_too(tmp_path: Path) -> None:
    made = run("-", "--output", "json", cwd=tmp_path, stdin=INGRESS.encode())
    assert json.loads(made.stdout)["file"] == "-"


@pytest.mark.parametrize("version", ["latest", "3", "3.x", ""])
def test_a_version_that_is_none_is_named(folder: Path, version: str) -> None:
    made = run("web.yaml", cwd=folder, version=version)
    assert (made.returncode, made.stdout) == (64, b"")
    assert b"is not a version of Traefik: it is written like 3.6.2" in made.stderr


def test_traefiks_arguments_are_heeded(folder: Path) -> None:
    text = INGRESS.replace("path: /,", "path: /x,")
    (folder / "web.yaml").write_text(text)
    strict = run("web.yaml", "--strict-prefix-matching", cwd=folder).stdout
    assert b"(Path(`/x`) || PathPrefix(`/x/`))" in strict
    elder = run("web.yaml", "--strict-prefix-matching", cwd=folder, version="3.4.5")
    assert b"Host(`a.example`) && PathPrefix(`/x`)" in elder.stdout
    assert b"no strictPrefixMatching" in elder.stderr
    classed = run("web.yaml", "--ingress-class", "lan", cwd=folder)
    assert b"unchanged: Its ingress class is not set, and this Traefik reads lan." in classed.stderr
    old = run("web.yaml", cwd=folder, version="2.9.10")
    assert (old.returncode, b"traefik-too-old" in old.stderr) == (1, True)


def test_text_that_other_readers_take_for_something_else_is_quoted(folder: Path) -> None:
    """Go's YAML reads 1e3 and y as a number and a boolean, Python's as text."""
    labels = "labels: {a: '1e3', b: 'y', c: 'true', d: '0o7'}, name: web,"
    (folder / "web.yaml").write_text(INGRESS.replace("name: web,", labels, 1))
    made = run("web.yaml", cwd=folder).stdout
    for written in (b"a: '1e3'", b"b: 'y'", b"c: 'true'", b"d: '0o7'"):
        assert written in made, made
