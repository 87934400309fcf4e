from adapters.practice.active_directory.domain import PracticeDomain

__all__ = ["PracticeDomain"]
