"""From a task and a probe to an embedding, and to a file and back."""
