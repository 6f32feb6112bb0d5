"""Keys, as their bearers see them."""

from pydantic import Field

from task2vec.messages.base import Answer, Time
from task2vec.types import Scope


class KeyAccess(Answer):
    """What the sender of a request may do; by default what everybody may without a key."""

    id: str | None = Field(None, description="Of the key; null without one.")
    name: str | None = Field(None, description="Of the key; null without one.")
    scopes: tuple[Scope, ...] = Field(
        tuple(Scope), description="Everything that is open, what the key's own scopes imply too."
    )
    expires: Time | None = Field(None, description="When the key ends; null for never.")
