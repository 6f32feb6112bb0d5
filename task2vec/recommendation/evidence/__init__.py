"""Recorded gains, and the checks on what may count as evidence."""
