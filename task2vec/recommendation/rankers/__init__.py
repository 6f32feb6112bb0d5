"""Rankers of starting models behind one protocol: ours, and the simple rules that it must beat."""
