from adapters.practice.google.workspace import PracticeWorkspace

__all__ = ["PracticeWorkspace"]
