"""Names that say what a thing is: what a reader of one line needs."""

import ast
from collections.abc import Iterator
from functools import cache

from tests.places import ROOT

LOOPS = ast.For | ast.AsyncFor | ast.comprehension


@cache
def trees() -> tuple[tuple[str, ast.Module], ...]:
    """Each source file of the bot and its commands, by its path."""
    files = (file for folder in ("bot", "commands") for file in (ROOT / folder).rglob("*.py"))
    return tuple((str(file.relative_to(ROOT)), ast.parse(file.read_text())) for file in files)


def loop_names(tree: ast.Module) -> Iterator[ast.Name]:
    """The variables of all loops and comprehensions."""
    for node in ast.walk(tree):
        if isinstance(node, LOOPS):
            yield from (part for part in ast.walk(node.target) if isinstance(part, ast.Name))


def test_a_loop_names_what_it_goes_over() -> None:
    """`each` says nothing: a line that was cut out of its loop could not be read."""
    nameless = [
        f"{path}:{name.lineno}"
        for path, tree in trees()
        for name in loop_names(tree)
        if name.id == "each"
    ]
    assert nameless == []


def test_the_loops_of_the_whole_bot_are_read() -> None:
    """Otherwise the test above would pass on an empty folder."""
    assert sum(len(list(loop_names(tree))) for _, tree in trees()) > 1_500


def test_a_class_name_has_one_meaning() -> None:
    """Two classes of one name send a reader to the wrong file."""
    places: dict[str, list[str]] = {}
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(path)
    shared = {name: paths for name, paths in places.items() if len(paths) > 1}
    assert shared == {}
