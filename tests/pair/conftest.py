"""The same Discord and the same cluster as one process has in tests/wire."""

from tests.wire.conftest import careless_server, cluster, scenario, server

__all__ = ["careless_server", "cluster", "scenario", "server"]
