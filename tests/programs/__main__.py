"""`python -m tests.programs SUITE`: build what is missing of a suite's programs."""

from __future__ import annotations

import argparse
import os
import sys

from tests.programs import catalogue
from tests.programs.program import CannotBuild, ensure_built

SUITES = {
    "cluster": catalogue.CLUSTER,
    "controllers": catalogue.CONTROLLERS,
    "nodes": catalogue.NODES,
}


def main() -> int:
    """Build whatever is missing, and nothing where the tests bring their own cluster."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs", description=__doc__)
    parser.add_argument("suite", choices=SUITES)
    suite: str = parser.parse_args().suite
    if os.environ.get("KUBECONFIG_UNDER_TEST") or os.environ.get("KUBEBUILDER_ASSETS"):
        sys.stderr.write("build: nothing: a control plane was named in the environment\n")
        return 0
    try:
        for program in SUITES[suite]:
            ensure_built(program)
    except CannotBuild as error:
        sys.stderr.write(f"build: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
