"""A report as files: JSON for scripts, and text as the terminal shows it."""

from __future__ import annotations

from bot.domain.report import Report
from bot.health.views import json, terminal
from bot.render.cards import Attachment
from bot.render.terminal import plain

LARGEST = 8 * 1024 * 1024
"""Bytes of one file, below Discord's default of 10 MiB."""

TEXT_ROOTS = 500
"""Findings in the text file; the JSON has them all."""


def files(report: Report) -> tuple[Attachment, ...]:
    """The report as JSON and as text, without too large files. Slow: use a thread."""
    named = f"report-{report.taken_at:%Y%m%d-%H%M%S}"
    attachments = (
        Attachment(f"{named}.json", json.report(report)),
        Attachment.of_text(f"{named}.txt", plain(terminal.report(report, most=TEXT_ROOTS))),
    )
    return tuple(file_ for file_ in attachments if len(file_.content) <= LARGEST)
