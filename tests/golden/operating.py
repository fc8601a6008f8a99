"""What an operator builds on: the settings by their environment names, and the metrics."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from prometheus_client import Metric

from bot.settings import PREFIX, SECRETS_DIR, Settings
from tests.app.test_metrics import a_watch, labels, metrics_of, ours, title
from tests.golden import Pages
from tests.golden.shapes import pretty


def _settings() -> str:
    """Each by its variable: what it is when it is not set, and what the README says of it."""
    return pretty(
        {
            SECRETS_DIR: None,
            **{
                f"{PREFIX}{name.upper()}": {
                    "default": msgspec.to_builtins(field.default),
                    "description": field.description,
                }
                for name, field in Settings.model_fields.items()
            },
        }
    )


def _metrics() -> str:
    """Each with its type, help and labels as `/metrics` shows them, and the samples' names."""
    made = metrics_of(a_watch(heard_at=datetime.now(UTC)))
    return pretty({title(family): _family(family) for family in ours(made)})


def _family(family: Metric) -> dict[str, Any]:
    names = dict.fromkeys(sample.name for sample in family.samples)
    buckets = dict.fromkeys(s.labels["le"] for s in family.samples if "le" in s.labels)
    return {
        "type": family.type,
        "help": family.documentation,
        "labels": labels(family),
        "samples": list(names),
        **({"buckets": list(buckets)} if buckets else {}),
    }


PAGES: Pages = {"settings.json": _settings, "metrics.json": _metrics}
