"""A verb is ordered once more: by HR, by an operator, or because what it cut came back."""

from workflows.tables import Item


def order_again(item: Item) -> None:
    """It is due now, and what was tried before is no reason to only look."""
    item.state, item.confirmed, item.due_at = "planned", None, None
    item.since = item.attempts
