"""`meshmedic route edit`, run as people run it."""

import json
import subprocess
from pathlib import Path

import pytest

from tests import warm

ROUTE = """\
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: web, namespace: apps}
spec:
  routes:
    - match: Host(`a`)
      services:
        - name: web
          port: 80"""

API = ROUTE.replace("name: web\n", "name: api@internal\n          kind: TraefikService\n")


def run(*arguments: str, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = ("-m", "bot", "route", "edit", *arguments)
    return warm.python(*command, cwd=cwd, stdin=stdin, env={"PATH": "/usr/bin:/bin"})


@pytest.fixture
def route(tmp_path: Path) -> Path:
    file = tmp_path / "web.yaml"
    file.write_bytes(ROUTE.encode())
    return file


def test_the_difference_is_one_that_git_applies(route: Path) -> None:
    """Also for a last line without an end."""
    made = run("web.yaml", cwd=route.parent)
    assert (made.returncode, made.stderr) == (0, b"")
    assert route.read_text() == ROUTE
    apply = ["git", "apply", "-"]
    subprocess.run(apply, cwd=route.parent, input=made.stdout, check=True, timeout=60)  # noqa: S603  # git
    assert route.read_text() == f"{ROUTE}\n          nativeLB: true"


def test_in_place_writes_the_file_and_keeps_its_mode(route: Path) -> None:
    route.chmod(0o640)
    made = run("--in-place", "web.yaml", cwd=route.parent)
    assert made.returncode == 0
    assert b"+          nativeLB: true" in made.stdout
    assert route.read_text() == f"{ROUTE}\n          nativeLB: true"
    assert route.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in route.parent.iterdir()] == ["web.yaml"]


def test_each_outcome_is_a_line_of_json(route: Path) -> None:
    (route.parent / "api.yaml").write_text(API)
    (route.parent / "other.yaml").write_text("kind: Service\n")
    made = run("web.yaml", "api.yaml", "other.yaml", "--output", "json", cwd=route.parent)
    assert made.returncode == 1
    lines = [json.loads(line) for line in made.stdout.splitlines()]
    assert [(each["file"], each["document"], each["result"]) for each in lines] == [
        ("web.yaml", 0, "edited"),
        ("api.yaml", 0, "refused"),
        ("other.yaml", None, "unchanged"),
    ]
    assert "TraefikService" in lines[1]["reason"]


def test_what_is_left_alone_is_named_with_the_reason(route: Path) -> None:
    (route.parent / "api.yaml").write_text(API)
    made = run("api.yaml", cwd=route.parent)
    assert (made.returncode, made.stdout) == (1, b"")
    assert b"api.yaml: IngressRoute apps/web: refused: Service 'api@internal'" in made.stderr


def test_a_file_that_cannot_be_read_stops_no_other(route: Path) -> None:
    (route.parent / "bad.yaml").write_bytes(b"a: [\n")
    (route.parent / "latin.yaml").write_bytes(b"a: \xe9\n")
    made = run("bad.yaml", "latin.yaml", "absent.yaml", "web.yaml", cwd=route.parent)
    assert made.returncode == 2
    assert b"+          nativeLB: true" in made.stdout
    assert all(name in made.stderr for name in (b"bad.yaml", b"latin.yaml", b"absent.yaml"))
    assert b"Traceback" not in made.stderr


def test_a_service_in_another_file_tells_that_it_has_no_vip(route: Path) -> None:
    service = "kind: Service\nmetadata: {name: web, namespace: apps}\nspec: {clusterIP: None}\n"
    (route.parent / "service.yaml").write_text(service)
    made = run("web.yaml", "service.yaml", cwd=route.parent)
    assert (made.returncode, made.stdout) == (1, b"")
    assert b"headless" in made.stderr


def test_standard_input_is_a_file_too(tmp_path: Path) -> None:
    made = run("-", cwd=tmp_path, stdin=ROUTE.encode())
    assert made.returncode == 0
    assert b"--- a/stdin" in made.stdout
