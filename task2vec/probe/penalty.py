"""How strongly the head is held to small weights, unless somebody says otherwise."""

#: On the *mean* loss; a part of the space, since other penalties give other embeddings.
DEFAULT_PENALTY = 0.01
