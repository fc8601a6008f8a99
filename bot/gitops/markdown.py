"""Branch, title and body of a pull request, safe for any text from the cluster.

GitHub and Gitea read Markdown and HTML, and call whoever is named by an @. Text that is not our
own stands in a fence that is longer than any within it, where neither does anything.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from bot.domain.redaction.redact import FILE, redact
from bot.gitops.domain.file_edit import FileEdit, encoded, words
from bot.render.text import marked

PREFIX = "meshmedic/"
UNUSUAL = re.compile(r"[^a-z0-9-]+")
TICKS = re.compile(r"`{3,}")
NAME = 60
TITLE = 120
DIGEST = 10
MOST_DIFF = 20_000
MOST_SECTION = 12_000
"""Characters; GitHub accepts 65,536 in a body."""
MOST_LINE = 1024
MOST_EVIDENCE = 64


@dataclass(frozen=True, slots=True)
class Description:
    """Why: the evidence, one entry in a line, the risks, and who asked for it.

    `change` is the name of the Change, `at` when it was proposed. All but these may quote the
    cluster.
    """

    change: str
    at: datetime
    evidence: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    requester: str = ""


def branch(edit: FileEdit) -> str:
    """The branch of an edit, the same for the same edit of the same object."""
    digest = hashlib.blake2b(encoded(edit).encode(), digest_size=DIGEST).hexdigest()
    plain = f"{edit.object.kind}-{edit.object.namespace}-{edit.object.name}".lower()
    return f"{PREFIX}{UNUSUAL.sub('-', plain)[:NAME].strip('-')}-{digest}"


def title(edit: FileEdit) -> str:
    """The title, one line. Kubernetes' names have letters, digits, dots and dashes only."""
    return re.sub(r"[^\w ./-]", "?", words(edit), flags=re.ASCII)[:TITLE]


def message(edit: FileEdit, why: Description) -> str:
    """The message of the commit."""
    return f"{title(edit)}\n\nMeshmedic-Change: {_plain(why.change)}\n"


def body(edit: FileEdit, why: Description, diff: str, also: tuple[str, ...] = ()) -> str:
    """The body: evidence, difference and risks."""
    requester = f", asked for by the Discord user {_plain(why.requester)}" if why.requester else ""
    parts = [
        f"{title(edit)} (change `{_plain(why.change)}`{requester}).",
        _section("What was seen", why.evidence),
        f"## What changes\n\n{fenced(diff, 'diff', MOST_DIFF)}",
        _section("What it may break", why.risks),
        _section("The same file is also used by", also),
        "meshmedic never merges: you decide. After the merge it asks Flux to "
        "reconcile, and tests the route again.",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def fenced(text: str, language: str = "", most: int = MOST_DIFF) -> str:
    """Untrusted text in a fence that it cannot close."""
    known = redact(text, FILE).encode(errors="replace").decode()
    clean = marked(known.replace("\r\n", "\n")).rstrip("\n")
    if len(clean) > most:
        clean = f"{clean[:most]}\n… and {len(clean) - most} characters more"
    longest = max((len(ticks) for ticks in TICKS.findall(clean)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{clean}\n{fence}"


def _section(heading: str, lines: tuple[str, ...]) -> str:
    shown = [" ".join(line.split())[:MOST_LINE] for line in lines[:MOST_EVIDENCE]]
    return f"## {heading}\n\n{fenced(chr(10).join(shown), 'text', MOST_SECTION)}" if shown else ""


def _plain(text: str) -> str:
    return re.sub(r"[^\w.-]", "", text, flags=re.ASCII)[:NAME]
