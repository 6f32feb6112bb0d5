"""Folders and archives: where the files of a source are."""
