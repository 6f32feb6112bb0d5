"""The documents, and what generates those that are derived from the code."""
