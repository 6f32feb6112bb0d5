"""Pictures of the task space."""
