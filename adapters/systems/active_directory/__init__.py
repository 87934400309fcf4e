from adapters.systems.active_directory.adapter import ActiveDirectory

__all__ = ["ActiveDirectory"]
