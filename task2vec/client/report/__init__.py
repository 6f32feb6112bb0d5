"""A recommendation as a document: a page to print, and a section of a model card."""
