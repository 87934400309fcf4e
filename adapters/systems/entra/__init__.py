from adapters.systems.entra.adapter import Entra

__all__ = ["Entra"]
