"""The composition root: builds and connects everything; leader tasks, metrics, `/readyz`."""
