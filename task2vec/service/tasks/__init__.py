"""Tasks: embedding, search, distances, maps, batches."""
