#!/usr/bin/env python3
"""`prune.py VENV APP`: keep in an environment what an application imports, and remove the rest.

What is imported is read, not tried: from every module of APP by its import statements, also those
inside functions, to the modules that they name, and on from these. So whatever an import statement
may ask for later is still there. Native modules are searched for names of modules and libraries.
What Python code imports by a computed name, or as an entry point, stands in `BY_NAME`. A module
that does so and is not in it is an error, so that a new release of a package cannot lose a part
without a word.
"""

from __future__ import annotations

import ast
import configparser
import fnmatch
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

BY_NAME: Mapping[str, tuple[str, ...]] = {
    "PIL.Image": (),  # file formats besides those that its import statements name
    "PIL.features": (),  # what it can do, for reports of faults
    "aiohttp.web": (),  # its own command line
    "apscheduler.schedulers.base": ("apscheduler.triggers.*",),  # triggers are chosen by a word
    "apscheduler.util": (),  # jobs that are stored by name; ours are in memory
    "bot.cli.parser": (),  # subcommands: all of bot is here
    "cffi.verifier": (),  # code that it compiles
    "charset_normalizer.utils": (),  # the standard library's encodings
    "dateutil": ("dateutil.*",),
    "dulwich": (),  # names that moved
    "kubernetes.aio.client": (),  # classes of API objects: objects are decoded by our own types
    "kubernetes.aio.client.models": (),
    "kubernetes.client": (),
    "kubernetes.client.api": (),
    "kubernetes.client.models": (),
    "matplotlib": ("cycler", "dateutil", "kiwisolver", "numpy", "pyparsing"),
    "matplotlib.backend_bases": (),  # file formats besides PNG
    "matplotlib.backends.registry": (),  # windows; Agg is imported by its name
    "matplotlib.colors": (),  # the module of a class that is loaded
    "matplotlib.pyplot": (),  # windows
    "numpy._core.function_base": (),  # docstrings of what is loaded
    "numpy.core": (),  # pickles of old releases
    "numpy.lib._utils_impl": (),  # help about any name
    "pydantic": ("pydantic.*",),
    "pydantic._internal._validators": (),  # fields that hold a module's name: we have none
    "pydantic.plugin._loader": (),  # plugins: none is installed
    "pydantic.v1.utils": (),  # the same
    "pydantic.v1.version": (),  # versions, for reports of faults
    "pygments.lexers": (),  # colours for source code, which we do not print
    "pygments.plugin": (),
    "pygments.styles": (),
    "requests.compat": ("charset_normalizer",),
    "requests.packages": ("idna", "urllib3"),
    "rich._unicode_data": ("rich._unicode_data.*",),
    "yaml.constructor": (),  # tags of Python objects, which are not read
    "zoneinfo": ("tzdata.*",),
}
"""What a module needs of what it imports by a computed name, as names or patterns of them."""

IMPORTERS = frozenset({"__import__", "import_module", "_import_module"})
NATIVE = ".so"
NO_DATA = frozenset(
    {".py", ".pyc", NATIVE, ".a", ".c", ".cpp", ".f", ".f90", ".h", ".pxd", ".pyi", ".pyx", ".dll"}
)
"""Suffixes of code, and of what only compilers, type checkers and other systems read."""

Modules = Mapping[str, Path]


class NotDecided(Exception):  # as the project names errors: for what happened
    """`BY_NAME` does not fit the packages; the message says where."""


def modules_in(folder: Path) -> dict[str, Path]:
    """Every module below a folder by its full name."""
    modules = {}
    for path in folder.rglob("*"):
        if path.suffix in {".py", NATIVE}:
            *above, name = path.relative_to(folder).parts
            name = name.partition(".")[0]
            modules[".".join(above if name == "__init__" else [*above, name])] = path
    return modules


def registered(site: Path) -> dict[str, list[str]]:
    """What a package loads by entry points: the modules in each group of its own, by its name.

    Source: packaging.python.org, "Entry points specification"; a group is named after the package
    that reads it, such as `apscheduler.triggers`.
    """
    modules: dict[str, list[str]] = {}
    for path in site.glob("*.dist-info/entry_points.txt"):
        groups = configparser.ConfigParser(delimiters="=", interpolation=None)
        groups.read_string(path.read_text())
        for group in groups.sections():
            loaded = (value.partition(":")[0].strip() for value in groups[group].values())
            modules.setdefault(group.partition(".")[0], []).extend(loaded)
    return modules


def imported(
    roots: Iterable[str], modules: Modules, plugins: Mapping[str, Iterable[str]] | None = None
) -> frozenset[str]:
    """The modules that can be imported from `roots`: by import statements, `BY_NAME` and plugins.

    `plugins` are the modules that a package loads by entry points.

    Raises:
        NotDecided: One imports by a computed name, and nobody said what it needs.
    """
    kept: set[str] = set()
    waiting = [*roots, *_named("zoneinfo", modules)]
    undecided = []
    while waiting:
        for name in _with_parents(waiting.pop()):
            if name in kept or name not in modules:
                continue
            kept.add(name)
            waiting.extend((plugins or {}).get(name, ()))
            path = modules[name]
            if path.suffix == NATIVE:
                waiting.extend(_native_names(path.read_bytes(), modules))
                continue
            code = ast.parse(path.read_bytes())
            waiting.extend(_statements(code, _package(name, path)))
            if name in BY_NAME:
                waiting.extend(_named(name, modules))
            else:
                undecided += [f"{name}, line {line}" for line in _computed(code)]
    if undecided:
        msg = f"These import by a computed name. Say in BY_NAME what they need: {undecided}"
        raise NotDecided(msg)
    return frozenset(kept)


def files_to_keep(site: Path, modules: Modules, kept: frozenset[str]) -> set[Path]:
    """The kept modules' files, and the libraries, data and licences that belong to them."""
    files = {modules[name] for name in kept}
    files |= _libraries(site, [path for path in files if path.suffix == NATIVE])
    files |= set(_data(site, {path.parent for path in modules.values()}, files))
    for record in site.glob("*.dist-info/RECORD"):
        listed = (line.partition(",")[0] for line in record.read_text().splitlines())
        if any(site / path in files for path in listed):
            files.update(path for path in record.parent.rglob("*") if path.is_file())
    return files


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _named(name: str, modules: Modules) -> Iterator[str]:
    for pattern in BY_NAME[name]:
        matching = fnmatch.filter(modules, pattern)
        if not matching:
            msg = f"BY_NAME says that {name} needs {pattern}, and there is none."
            raise NotDecided(msg)
        yield from matching


def _package(name: str, path: Path) -> str:
    return name if path.name == "__init__.py" else name.rpartition(".")[0]


def _statements(code: ast.AST, package: str) -> Iterator[str]:
    """What import statements may mean, and imports of a name that stands there."""
    for node in _executed(code):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            whole = ".".join([*(above if node.level else ()), *filter(None, [node.module])])
            yield whole
            yield from (f"{whole}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and (name := _constant(node)):
            yield package + name if name.startswith(".") else name


def _computed(code: ast.AST) -> Iterator[int]:
    """The lines that import by a computed name, or that ask which entry points are installed."""
    for node in _executed(code):
        if not isinstance(node, ast.Call) or _constant(node):
            continue
        if _imports(node) or (_called(node) == "entry_points" and not node.args):
            yield node.lineno


def _executed(code: ast.AST) -> Iterator[ast.AST]:
    """Every node but those that only type checkers read."""
    waiting = [code]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and _only_types(node.test):
            waiting.extend(node.orelse)
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def _only_types(test: ast.expr) -> bool:
    """Whether a condition holds for type checkers alone: never where it is negated or an `or`."""
    match test:
        case ast.Name("TYPE_CHECKING") | ast.Attribute(ast.Name(), "TYPE_CHECKING"):
            return True
        case ast.BoolOp(ast.And(), parts):
            return any(map(_only_types, parts))
    return False


def _imports(call: ast.Call) -> bool:
    return _called(call) in IMPORTERS


def _called(call: ast.Call) -> str:
    called = call.func
    return called.attr if isinstance(called, ast.Attribute) else str(getattr(called, "id", ""))


def _constant(call: ast.Call) -> str:
    first = call.args[0] if call.args and _imports(call) else None
    return str(first.value) if isinstance(first, ast.Constant) else ""


def _native_names(code: bytes, modules: Modules) -> Iterator[str]:
    """Names of modules in a native one: it holds them as texts, with or without an end."""
    for top in {name.partition(".")[0] for name in modules}:
        for match in re.finditer(top.encode() + rb"(?:\.\w+)*", code):
            text = match[0].decode()
            begins = (text[:end] for end in range(len(top), len(text) + 1))
            yield from (name for name in begins if name in modules)


def _libraries(site: Path, native: list[Path]) -> set[Path]:
    """Libraries beside the packages, by their names in what links them."""
    unused = set(site.glob("*.libs/*"))
    used: set[Path] = set()
    while native:
        code = native.pop().read_bytes()
        linked = {path for path in unused if path.name.encode() in code}
        unused -= linked
        used |= linked
        native.extend(linked)
    return used


def _data(site: Path, folders: set[Path], files: set[Path]) -> Iterator[Path]:
    """Files that are no code, where the nearest folder with code above them is kept."""
    used = {path.parent for path in files}
    for path in site.rglob("*"):
        apart = path.relative_to(site).parts[0].endswith((".libs", ".dist-info"))
        if apart or path.suffix in NO_DATA or not path.is_file():
            continue
        if next((folder for folder in path.parents if folder in folders), site) in used:
            yield path


def _remove(folder: Path, wanted: Callable[[Path], bool]) -> None:
    """Remove the files that are not wanted, and the folders that are empty then."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif not wanted(path):
            path.unlink()


def _size(folder: Path) -> str:
    return f"{sum(path.lstat().st_size for path in folder.rglob('*')) / 2**20:.0f} MiB"


def main(venv: Path, app: Path) -> None:
    """Prune VENV for the modules of APP."""
    (site,) = venv.glob("lib/python3.*/site-packages")
    before, ours = _size(venv), modules_in(app)
    modules = modules_in(site)
    kept = imported(ours, {**modules, **ours}, registered(site))
    files = files_to_keep(site, modules, kept - ours.keys())
    _remove(site, files.__contains__)
    # Scripts of the packages, their manual pages and headers: only Python itself is called.
    _remove(venv / "bin", Path.is_symlink)
    for name in ("include", "share"):
        _remove(venv / name, lambda _: False)
    count = len(kept & modules.keys())
    sys.stdout.write(f"kept {count} of {len(modules)} modules: {_size(venv)} of {before}\n")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except NotDecided as error:
        sys.exit(str(error))
