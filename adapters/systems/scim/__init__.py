from adapters.systems.scim.adapter import Scim

__all__ = ["Scim"]
