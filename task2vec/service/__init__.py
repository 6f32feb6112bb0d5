"""The use cases, free of any transport."""
