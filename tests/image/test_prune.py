"""What deploy/prune.py keeps of an environment, and that nothing is lost without a word."""

from __future__ import annotations

import ast
import sysconfig
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.image.scripts import script

prune = script("prune")

TIMES = {"tzdata/__init__.py": "", "tzdata/zoneinfo/__init__.py": "", "tzdata/zoneinfo/UTC": "z"}
"""What zoneinfo needs, so it is in every environment."""


def left(folder: Path, ours: str, site: Mapping[str, str]) -> set[str]:
    """The files that are left in site-packages when our one module is `ours`."""
    packages = folder / "venv/lib/python3.13/site-packages"
    for path, text in {**TIMES, **site}.items():
        (packages / path).parent.mkdir(parents=True, exist_ok=True)
        (packages / path).write_text(text)
    (folder / "app/bot").mkdir(parents=True)
    (folder / "app/bot/__init__.py").write_text(ours)
    prune.main(folder / "venv", folder / "app")
    files = {
        path.relative_to(packages).as_posix() for path in packages.rglob("*") if path.is_file()
    }
    assert TIMES.keys() <= files
    return files - TIMES.keys()


@pytest.mark.parametrize(
    "ours",
    [
        "import a.b",
        "from a import b",
        "from a.b import anything",
        "def late():\n    import a.b",
        "try:\n    import a.b\nexcept ImportError:\n    pass",
        "import importlib\nimportlib.import_module('a.b')",
        "from c import d",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import e\nelse:\n    import a.b",
        "if not TYPE_CHECKING:\n    import a.b",
        "if x or TYPE_CHECKING:\n    import a.b",
        "if x and not TYPE_CHECKING:\n    import a.b",
        "if not typing.TYPE_CHECKING and x:\n    import a.b",
        "if NOT_TYPE_CHECKING:\n    import a.b",
        "if TYPE_CHECKING and x:\n    import e\nelif y:\n    import a.b",
    ],
)
def test_what_an_import_may_ask_for_is_kept_wherever_it_stands(ours: str, tmp_path: Path):
    """In functions, beside a fallback, by a name that stands there, and by another package."""
    site = {
        "a/__init__.py": "",
        "a/b.py": "from . import deep",
        "a/deep.py": "",
        "c/__init__.py": "",
        "c/d.py": "from a.b import x",
    }
    assert {"a/__init__.py", "a/b.py", "a/deep.py"} <= left(tmp_path, ours, site)


def test_what_a_package_loads_by_its_own_entry_points_is_kept(tmp_path: Path):
    """The scheduler's triggers are loaded by name: without them the bot ends as soon as it starts.

    What registers itself with a package that is not kept, and scripts, lead to nothing.
    """
    table = """\
        [console_scripts]
        a = a.command:main
        [a.triggers]
        late = a.late:Late [extra]
        foreign = missing.module:Foreign
        [z.plugins]
        unused = a.unused:Unused
    """
    site = {
        "a/__init__.py": "",
        "a/late.py": "import a.deep",
        "a/deep.py": "",
        "a/command.py": "",
        "a/unused.py": "",
        "a-1.dist-info/entry_points.txt": textwrap.dedent(table),
    }
    assert left(tmp_path, "import a", site) == {"a/__init__.py", "a/late.py", "a/deep.py"}


def test_what_no_import_leads_to_is_removed_with_its_data(tmp_path: Path):
    """Tests, names for type checkers, whole packages, stubs and sources of native modules."""
    site = {
        "a/__init__.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import hints",
        "a/fonts/plain.ttf": "",
        "a/py.typed": "",
        "a/fast.c": "",
        "a/other.py": "",
        "a/tests/test_a.py": "",
        "a/tests/data/huge.csv": "",
        "hints.py": "",
        "b/__init__.py": "import a",
        "b/table.json": "",
    }
    assert left(tmp_path, "import a", site) == {"a/__init__.py", "a/fonts/plain.ttf", "a/py.typed"}


@pytest.mark.parametrize("test", ["TYPE_CHECKING", "t.TYPE_CHECKING", "x and TYPE_CHECKING"])
def test_what_only_type_checkers_import_is_removed(test: str, tmp_path: Path):
    """By any name of the module, and beside another condition."""
    assert left(tmp_path, f"if {test}:\n    import hints", {"hints.py": ""}) == set()


def test_native_modules_are_searched_for_modules_and_libraries(tmp_path: Path):
    """C ends a name by a zero, Rust writes them one after the other; a library links others."""
    site = {
        "a/__init__.py": "from a import fast",
        "a/fast.cpython-313-x86_64-linux-gnu.so": "\0a.errors\0rusthiddentext\0liba-1.so\0",
        "a/errors.py": "",
        "a/unused.py": "",
        "rusthidden.py": "",
        "a.libs/liba-1.so": "\0libb-2.so\0",
        "a.libs/libb-2.so": "",
        "a.libs/libc-3.so": "",
    }
    gone = {"a/unused.py", "a.libs/libc-3.so"}
    assert left(tmp_path, "import a", site) == site.keys() - gone


def test_a_package_keeps_its_licence_as_long_as_it_has_a_file(tmp_path: Path):
    """And one that is not used any more is not listed as installed."""
    site = {
        "a.py": "",
        "a-1.dist-info/RECORD": "a.py,sha256=x,0\na-1.dist-info/RECORD,,",
        "a-1.dist-info/licenses/LICENSE": "",
        "b.py": "",
        "b-1.dist-info/RECORD": "b.py,sha256=x,0\nb-1.dist-info/RECORD,,",
    }
    kept = {"a.py", "a-1.dist-info/RECORD", "a-1.dist-info/licenses/LICENSE"}
    assert left(tmp_path, "import a", site) == kept


@pytest.mark.parametrize("call", ["import_module(x)", "entry_points(group='a.triggers')"])
def test_a_module_that_imports_by_a_computed_name_must_be_decided_on(call: str, tmp_path: Path):
    """The message names it with its line. An entry point is such a name: a word chooses it."""
    site = {"a.py": f"from importlib import import_module\n\n{call}"}
    with pytest.raises(prune.NotDecided, match="a, line 3"):
        left(tmp_path, "import a", site)


def test_what_is_decided_on_is_there(tmp_path: Path):
    """A package that moved its parts is told, before it fails in a cluster."""
    site = {"requests/__init__.py": "", "requests/packages.py": "__import__(x)"}
    with pytest.raises(prune.NotDecided, match="packages needs idna"):
        left(tmp_path, "import requests.packages", site)


def test_scripts_of_packages_are_removed_and_python_stays(tmp_path: Path):
    """A shell in the image finds nothing but Python itself."""
    scripts, pages = tmp_path / "venv/bin", tmp_path / "venv/share/man"
    scripts.mkdir(parents=True)
    (scripts / "python").symlink_to("/usr/bin/python3")
    (scripts / "f2py").write_text("")
    pages.mkdir(parents=True)
    left(tmp_path, "", {})
    assert [path.name for path in scripts.iterdir()] == ["python"]
    assert not pages.exists()


@pytest.mark.parametrize("name", sorted(prune.BY_NAME.keys() - {"zoneinfo", "bot.cli.parser"}))
def test_no_decision_outlives_its_reason(name: str):
    """The module still imports by a computed name, in the release that is locked."""
    path = Path(sysconfig.get_path("purelib"), *name.split("."))
    whole = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    assert list(prune._computed(ast.parse(whole.read_bytes())))
