"""From a diagnosis to the smallest repair that its evidence supports, or to the reason why none."""
