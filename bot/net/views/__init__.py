"""Diagnoses, matrices and requests as people see them."""
