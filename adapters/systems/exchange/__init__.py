from adapters.systems.exchange.adapter import Exchange

__all__ = ["Exchange"]
