"""The truth: records and vectors in SQL."""
