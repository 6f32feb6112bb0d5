"""Which of the media types on offer a client wants."""

from starlette.exceptions import HTTPException


def choose(accept: str | None, *offers: str) -> str:
    """Return the offer that an Accept header ranks highest, the first of equals.

    Raises `HTTPException` 406 when it admits none.
    """
    if accept is None or not accept.strip():
        return offers[0]
    best = max(offers, key=lambda offer: _quality(accept, offer))
    if _quality(accept, best) <= 0:
        raise HTTPException(406, f"Only {' and '.join(offers)} are given.")
    return best


def _quality(accept: str, offer: str) -> float:
    """Return how much an offer is wanted, by the most specific range that names it."""
    ranked = {offer: 3, f"{offer.partition('/')[0]}/*": 2, "*/*": 1}
    found = (0, 0.0)
    for part in accept.lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        if media in ranked:
            found = max(found, (ranked[media], _q(parameters)))
    return found[1]


def _q(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
