"""How many examples a property test tries: few while you work, many in CI.

Profiles of hypothesis, chosen in `tests/conftest.py`: `fast` (`make test-fast`), `default`, and
`ci`, which CI=true loads.
"""

import os

from hypothesis import settings

SHARE = {"fast": 0.05, "default": 0.2, "ci": 1.0}
"""What each profile runs of the examples that a property has in CI."""


def load_profile() -> None:
    """Load the profile that the environment names. Machines differ in speed: no deadlines."""
    for name in SHARE:
        settings.register_profile(name, deadline=None, max_examples=_examples(100, name))
    settings.load_profile(_profile())


def examples(in_ci: int) -> int:
    """The number of examples for a property that needs more, or can afford fewer, than others."""
    return _examples(in_ci, _profile())


def _profile() -> str:
    in_ci = os.environ.get("CI") == "true"
    return os.environ.get("HYPOTHESIS_PROFILE", "ci" if in_ci else "default")


def _examples(in_ci: int, profile: str) -> int:
    return max(2, round(in_ci * SHARE[profile]))
