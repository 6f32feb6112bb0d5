"""The check of a store (`doctor`) and its repairs."""
