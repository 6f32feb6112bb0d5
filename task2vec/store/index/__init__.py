"""Search among stored embeddings."""
