"""Parsers of files that somebody sent, in a confined child process."""
