from adapters.systems.google.adapter import GoogleWorkspace

__all__ = ["GoogleWorkspace"]
