"""Sources that mean harm, or are damaged: opened and read as if somebody had sent them."""
