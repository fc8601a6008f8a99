"""What a process that a test starts knows of this machine."""

import os


def without_settings() -> dict[str, str]:
    """The variables of this process, and no setting of meshmedic."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MESHMEDIC_")}
