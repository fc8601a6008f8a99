"""Names that say what a thing is: what a reader of one line needs."""

import ast
from functools import cache

from tests.places import ROOT

LOOPS = ast.For | ast.AsyncFor | ast.comprehension


@cache
def names() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The variables of all loops and comprehensions, each with its place; the classes by file."""
    variables, classes = [], []
    for folder in ("bot", "commands"):
        for file in (ROOT / folder).rglob("*.py"):
            path = str(file.relative_to(ROOT))
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, LOOPS):
                    targets = ast.walk(node.target)
                    loop = (part for part in targets if isinstance(part, ast.Name))
                    variables += [(name.id, f"{path}:{name.lineno}") for name in loop]
                elif isinstance(node, ast.ClassDef):
                    classes.append((node.name, path))
    return variables, classes


def test_a_loop_names_what_it_goes_over() -> None:
    """`each` says nothing: a line that was cut out of its loop could not be read."""
    variables, _ = names()
    assert [place for name, place in variables if name == "each"] == []


def test_the_loops_of_the_whole_bot_are_read() -> None:
    """Otherwise the test above would pass on an empty folder."""
    variables, _ = names()
    assert len(variables) > 1_500


def test_a_class_name_has_one_meaning() -> None:
    """Two classes of one name send a reader to the wrong file."""
    _, classes = names()
    places: dict[str, list[str]] = {}
    for name, path in classes:
        if not name.startswith("_"):
            places.setdefault(name, []).append(path)
    shared = {name: paths for name, paths in places.items() if len(paths) > 1}
    assert shared == {}
