from adapters.practice.graph.tenant import PracticeTenant

__all__ = ["PracticeTenant"]
