"""Everything that is fuzzed, one file each."""

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    annotations,
    custom_ids,
    destinations,
    logs,
    manifests,
    metrics,
    retry_after,
    rules,
    settings,
)

TARGETS: tuple[Target, ...] = (
    destinations.TARGET,
    rules.TARGET,
    logs.TARGET,
    manifests.TARGET,
    annotations.TARGET,
    custom_ids.TARGET,
    settings.TARGET,
    retry_after.TARGET,
    metrics.TARGET,
)
