"""The pages that a browser is shown, and what they load."""
