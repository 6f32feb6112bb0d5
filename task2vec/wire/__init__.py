"""The HTTP surface, as the server and its clients both see it.

The field names are those of `--json`: the wire form of a thing validates what its ``to_json()``
returns.
"""
