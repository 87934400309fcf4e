from adapters.practice.slack.workspace import PracticeSlack

__all__ = ["PracticeSlack"]
