"""Requests generated from the OpenAPI document, sent to a real server."""
