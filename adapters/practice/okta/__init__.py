from adapters.practice.okta.org import PracticeOkta

__all__ = ["PracticeOkta"]
