"""What every request passes on its way, as plain ASGI."""
