"""The use case `recommend`: evidence from the store, measurement, answer."""
