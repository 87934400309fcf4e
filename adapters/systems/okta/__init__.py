from adapters.systems.okta.adapter import Okta

__all__ = ["Okta"]
