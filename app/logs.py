"""Logs for machines (JSON) or, on a terminal, for people. Never a secret, never a whole payload."""

import logging
import sys

import structlog


def set_up_logs(level: str) -> None:
    """Everything goes to standard error: standard output is for what was asked for."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    people = sys.stderr.isatty()
    logging.basicConfig(level=max(number, logging.WARNING), stream=sys.stderr)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if people else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
