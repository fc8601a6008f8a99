"""How much code there is, by package: `make size`, and the table of the layout page.

A code line holds a token that is no docstring, comment or blank.
"""

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.places import ROOT

LAYOUT = ROOT / "docs/contributing/layout.md"
TABLE = re.compile(r"(?<=\n)\| Package \|.*?\n\n", re.DOTALL)
SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def docstrings(source: str) -> Iterator[int]:
    """The numbers of the lines that hold a docstring, of a module, class, function or field."""
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():
            match statement:
                case ast.Expr(value=ast.Constant(value=str()), lineno=first, end_lineno=last):
                    yield from range(first, (last or first) + 1)


def code_lines(source: str) -> int:
    """How many lines of a module are code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in SILENT:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - set(docstrings(source)))


def package(path: Path) -> str:
    """Where a file is counted: `bot/net/`, `bot/settings.py`, `commands/`."""
    top, *below = path.relative_to(ROOT).parts
    if top == "commands":
        return "commands/"
    return f"{top}/{below[0]}/" if len(below) > 1 else f"{top}/{below[0]}"


def sizes() -> Counter[str]:
    """Code lines of each package of the bot and its commands."""
    counts: Counter[str] = Counter()
    for folder in ("bot", "commands"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            counts[package(path)] += code_lines(path.read_text())
    return counts


def purpose(name: str) -> str:
    """The first line of a package's or module's docstring."""
    path = ROOT / name
    source = (path / "__init__.py" if path.is_dir() else path).read_text()
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def table() -> str:
    """The layout page's table: packages, what each is for, and its code lines to the hundred."""
    rows = [
        f"| `{name}` | {purpose(name)} | {round(lines, -2) or lines:,} |"
        for name, lines in sorted(sizes().items())
        if name != "bot/__init__.py"
    ]
    return "\n".join(["| Package | What it is for | Code lines |", "|---|---|---:|", *rows, "", ""])


def main() -> None:
    """Print the sizes; `--layout` writes them into the layout page."""
    if "--layout" in sys.argv:
        LAYOUT.write_text(TABLE.sub(lambda _: table(), LAYOUT.read_text()))
    for name, lines in sizes().most_common():
        sys.stdout.write(f"{lines:7,}  {name}\n")
    sys.stdout.write(f"{sizes().total():7,}  in all\n")


if __name__ == "__main__":
    main()
