"""Kubernetes objects as the checks read them."""
