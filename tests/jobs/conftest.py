from served import sent, served

__all__ = ["sent", "served"]
