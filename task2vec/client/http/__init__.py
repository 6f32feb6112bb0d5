"""A server as the backend of a client."""
