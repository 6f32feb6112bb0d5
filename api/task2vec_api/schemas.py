"""Building what checks the bodies of requests, before the first of them comes."""

import warnings

from fastapi import FastAPI
from pydantic.warnings import UnsupportedFieldAttributeWarning

from task2vec_api.route_lookup import routes_of


def build_schemas(app: FastAPI) -> None:
    """Build every schema that the wire leaves to its first use.

    FastAPI states a name for each body where pydantic warns that it has no effect; FastAPI silences
    that when it makes the schema, but not when the wire's messages are built later.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)
        for route in routes_of(app):
            field = route.body_field
            if field is not None:
                field.validate(None, {}, loc=())
