"""Published figures of networks, and what they say of outcomes elsewhere."""
