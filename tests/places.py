"""Where the checkout is, and the real-world data that lies beside it."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
