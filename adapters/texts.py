"""Text that every database and every log can keep."""


def plain_text(value: object) -> object:
    """The value itself, of whatever type. Raises ValueError for text that cannot be stored.

    PostgreSQL refuses NUL, and half a surrogate pair is no character at all.
    """
    if isinstance(value, tuple):
        for one in value:
            plain_text(one)
    if not isinstance(value, str):
        return value
    if "\x00" in value:
        raise ValueError("holds a NUL character")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("holds half a surrogate pair, which is no character") from None
    return value
