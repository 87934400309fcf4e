from adapters.systems.datadog.adapter import Datadog

__all__ = ["Datadog"]
