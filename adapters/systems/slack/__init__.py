from adapters.systems.slack.adapter import Slack

__all__ = ["Slack"]
