"""The recommendation and its explanation."""
