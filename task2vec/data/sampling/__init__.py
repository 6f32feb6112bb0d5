"""The images that are drawn from a task."""
