"""Where embedding runs."""
