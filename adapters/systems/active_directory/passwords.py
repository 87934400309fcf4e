"""A password that nobody learns, and that no rule of a domain refuses."""

from adapters.clock import Clock

SYMBOLS = "/[]:;|=+*?<>"
"""No account name may hold these ([MS-SAMR], sAMAccountName), so no name is found in a password:
the rule that refuses passwords with a part of one's name would hit letters now and then."""
LENGTH = 94


def new_password(clock: Clock) -> str:
    """100 characters of four classes, 94 of them random among 12: some 330 bits."""
    drawn = "".join(SYMBOLS[byte % len(SYMBOLS)] for byte in clock.token(LENGTH))
    return f"a/{drawn[:47]}A:{drawn[47:]};1"


def quoted(password: str) -> bytes:
    """As unicodePwd wants it: between quotation marks, UTF-16 ([MS-ADTS] 3.1.1.3.1.5.1)."""
    return f'"{password}"'.encode("utf-16-le")
