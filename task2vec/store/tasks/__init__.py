"""The repository of tasks: rows, embeddings, changes."""
