"""`python -m tests.nodes start|stop|clean`."""
import sys
from tests.nodes.cluster import RealNodes
print(getattr(RealNodes(), sys.argv[1])())
