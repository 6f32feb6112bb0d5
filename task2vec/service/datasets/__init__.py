"""Data sets that were uploaded or fetched."""
