"""Write the table of reasons against a pull request into a page: `docs/gitops.md`."""

from __future__ import annotations

import sys
from pathlib import Path

from bot.gitops.refusals import FileReason
from bot.render.reason_table import HEAD, reason_table


def with_reasons(page: str) -> str:
    """The page with its last table, that of the reasons, written anew."""
    return page.partition(HEAD)[0] + reason_table(FileReason)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(with_reasons(path.read_text()))
