"""Leaves as the formats get them, and the hostile texts that may be in them."""

from typing import Any

from hypothesis import strategies as st

from tests.conftest import NOON
from workflows.ledger.events import Actor, Event, seal
from workflows.ledger.formats import Row
from workflows.ledger.tables import Leaf
from workflows.ledger.verify import leaf_hash

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r\n=1",
    "\0=1",
    "＝1+1",
    " =1",
    "'=1",
    '"=1',
    "\ufeff=1",
    "<script>alert(1)</script>",
    "a|b\\c=d e=f",
    'say "hi", x',
    "one\ntwo\rthree\u2028four",
    "\u202egnp.exe",
    "😀 ünï",
    '},"id":"evt_2","outcome":"forged","tenant":"x","time":"t","type":"y","v":1}',
    "",
)
TEXT = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(codec="utf-8")))
NUMBER = st.integers(-(2**53) + 1, 2**53 - 1)
DATA = st.dictionaries(
    TEXT,
    st.recursive(
        st.none() | st.booleans() | NUMBER | TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=4,
)


@st.composite
def events(draw: st.DrawFn, kinds: st.SearchStrategy[str] = TEXT) -> Event:
    """Any event at all, of which many are plain."""
    one = st.one_of(st.none(), st.just("case_1"), TEXT.filter(bool))
    return Event(
        draw(kinds),
        draw(st.one_of(st.sampled_from(("success", "changed", "alert", "not")), TEXT)),
        draw(one),
        draw(one),
        draw(DATA),
        draw(st.dictionaries(TEXT.filter(bool), TEXT, max_size=2)),
        actor=Actor(draw(st.sampled_from(("hr", "person", "service", "exeunt"))), draw(TEXT)),
    )


def row(event: Event, idx: int = 7) -> Row:
    salts = dict.fromkeys(event.personal, b"0123456789abcdef")
    seq = 3 if event.case_id else None
    made = seal(event, event_id=f"evt_{idx}", time=NOON, tenant="acme", case_seq=seq, salts=salts)
    return Row(idx, made.d, leaf_hash(made.d))


def leaf(
    idx: int = 0, data: dict[str, Any] | None = None, actor: str = "main", type_: str = "x.done"
) -> Leaf:
    made = row(Event(type_, data=data or {}, actor=Actor("hr", actor)), idx)
    return Leaf(idx=idx, id=f"evt_{idx}", d=made.d, lh=made.lh, time=NOON, type=type_)
