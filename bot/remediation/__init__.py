"""Repairs: proposed with evidence, approved, carried out, proven, or taken back."""
