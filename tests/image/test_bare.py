"""What is left of a base image's programs."""

from __future__ import annotations

from pathlib import Path

from tests.image.scripts import script

bare = script("bare")


def a_base(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")


def left(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_only_python_can_be_started_and_nothing_installs(tmp_path: Path):
    kept = {
        "usr/bin/python3",
        "usr/bin/python3.13",
        "usr/local/bin/python",
        "usr/local/lib/python3.13/json/__init__.py",
        "usr/local/lib/python3.13/site-packages/README.txt",
        "var/lib/dpkg/status",
        "etc/ssl/certs/ca-certificates.crt",
    }
    removed = (
        "usr/bin/dash",
        "usr/bin/apt-get",
        "usr/bin/pythonish",
        "usr/bin/python3.13-config",
        "usr/local/bin/pip3",
        "usr/local/lib/python3.13/site-packages/pip/__main__.py",
        "usr/local/lib/python3.13/site-packages/pip-26.0.dist-info/METADATA",
        "usr/local/lib/python3.13/ensurepip/_bundled/pip.whl",
        "usr/lib/apt/methods/http",
        "usr/sbin/chroot",
    )
    a_base(tmp_path, *kept, *removed)
    (tmp_path / "bin").symlink_to("usr/bin")
    (tmp_path / "usr/bin/sh").symlink_to("dash")
    bare.main(tmp_path)
    assert left(tmp_path) == kept
    assert not (tmp_path / "usr/bin/sh").is_symlink()


def test_an_empty_base_is_left_as_it_is(tmp_path: Path):
    bare.main(tmp_path)
    assert left(tmp_path) == set()
