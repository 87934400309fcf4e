"""
What the policy answers to people, by what they can do about it.

Refused
├── NotFound   there is no such thing
├── Conflict   it is there, but in a state that forbids this
├── Invalid    what was asked makes no sense as it is
└── Forbidden  not by this caller: another person has to
"""


class Refused(Exception):
    """`message` says what is wrong, `next_step` what to do; neither holds a secret."""

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message, next_step)
        self.message = message
        self.next_step = next_step


class NotFound(Refused):
    pass


class Conflict(Refused):
    pass


class Invalid(Refused):
    pass


class Forbidden(Refused):
    pass
