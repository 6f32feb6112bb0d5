"""Fixed pretrained networks, and the head that is refitted to each task."""
