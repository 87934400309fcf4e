"""Is this account that person? Exact equality, on our side, whatever a system's filter does."""

from adapters.nouns import Account, Match, Person, Rule

_ASCII_LOWER = str.maketrans({chr(c): chr(c + 32) for c in range(ord("A"), ord("Z") + 1)})


def same_address(one: str, other: str) -> bool:
    """Equal but for the case of ASCII letters. Unicode folding would join different people."""
    return normal_address(one) == normal_address(other)


def normal_address(address: str) -> str:
    return address.strip().translate(_ASCII_LOWER)


def match(person: Person, account: Account) -> Match | None:
    """The strongest rule that holds, with what speaks against it."""
    theirs = {normal_address(a) for a in (*account.addresses, account.login)}
    number_known = bool(person.employee_number and account.employee_number)
    number_same = number_known and person.employee_number == account.employee_number
    other_number = (
        "it carries another employee number" if number_known and not number_same else None
    )

    if account.id in person.links or account.login in person.links:
        return Match(account, Rule.LINK)
    if number_same:
        return Match(account, Rule.EMPLOYEE_NUMBER)
    if any(normal_address(address) in theirs for address in person.addresses):
        return Match(account, Rule.ADDRESS, other_number)
    return None
