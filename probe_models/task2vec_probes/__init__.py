"""The probes that ship with task2vec: cards in TOML, and loaders for packages, hub and files."""

from task2vec_probes.source import ShippedProbes

#: What the entry point ``task2vec.probes`` names.
source = ShippedProbes()
