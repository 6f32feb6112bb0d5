"""Distances between embeddings, batched, in float64, without torch."""
