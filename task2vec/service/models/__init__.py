"""Starting models and experts."""
