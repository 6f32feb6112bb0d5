"""The probes that ship with task2vec."""
