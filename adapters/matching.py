"""Is this account that person? Exact equality, on our side, whatever a system's filter does."""

import re

from adapters.nouns import Account, Match, Person, Rule

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ASCII_LOWER = str.maketrans({chr(c): chr(c + 32) for c in range(ord("A"), ord("Z") + 1)})


def same_address(one: str, other: str) -> bool:
    """Equal but for the case of ASCII letters. Unicode folding would join different people."""
    return normal_address(one) == normal_address(other)


def normal_address(address: str) -> str:
    return address.strip().translate(_ASCII_LOWER)


def same_id(one: str, other: str) -> bool:
    """A UUID has no case (RFC 9562); other ids do, such as Okta's."""
    if _UUID.fullmatch(one) and _UUID.fullmatch(other):
        return normal_address(one) == normal_address(other)
    return one == other


def is_linked(person: Person, account: Account) -> bool:
    """Whether somebody stored this account's id or login for the person."""
    return any(
        same_id(link, account.id) or same_address(link, account.login) for link in person.links
    )


def match(person: Person, account: Account) -> Match | None:
    """The strongest rule that holds, with what speaks against it."""
    theirs = {normal_address(a) for a in (*account.addresses, account.login)}
    number_known = bool(person.employee_number and account.employee_number)
    number_same = number_known and person.employee_number == account.employee_number
    other_number = (
        "it carries another employee number" if number_known and not number_same else None
    )

    if is_linked(person, account):
        return Match(account, Rule.LINK)
    if number_same:
        return Match(account, Rule.EMPLOYEE_NUMBER)
    if any(normal_address(address) in theirs for address in person.addresses):
        return Match(account, Rule.ADDRESS, other_number)
    return None
