"""From a source on this machine to the bytes that are uploaded."""
