"""What is measured on the target's own images: linear probes, scores, the cascade."""
