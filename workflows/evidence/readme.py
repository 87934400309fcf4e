"""How to check a pack without us: README.txt."""

from workflows.evidence.head import Head

TEXT = """\
{title}
{underline}

This pack lets you check what was recorded without trusting the company that made it, nor its
software. Nothing in here has to be believed.


1. WITH PYTHON (3.9 or newer; nothing to install)

    python3 -I verify.py pack evidence.zip --key '<KEY>'

Take verify.py from the released source of Exeunt, and not out of this pack: whoever forges a
pack forges the verify.py in it, too. That one is here to be compared, and for those who only
want to know whether the file arrived whole.

<KEY> is the public key of the log that you were handed when your engagement began, by another
way than this pack. The pack says that it is
{keys}
If you have none yet, leave --key out: then the pack is checked against its own key, which shows
that its parts fit together, and nothing of who made it: a forger has a key, too. If you kept a
checkpoint of an earlier visit, add --earlier FILE: then it is shown, too, that nothing that stood
before it was changed.


2. BY HAND, with openssl and sha256sum

An event's leaf hash, here of the first line of events.jsonl:

    head -n 1 events.jsonl | tr -d '\\n' > event
    (printf '\\0'; cat event) | sha256sum

Climb from it to the root with proofs/<index>.tlog-proof: its lines are the hashes that stand
beside the path (RFC 6962; base64). A pair is hashed as

    (printf '\\1'; cat left; cat right) | sha256sum

The root must be the third line of the file `checkpoint`. Its signature:

    head -n 3 checkpoint > text
    grep '^— ' checkpoint.log | head -n 1 | cut -d' ' -f3 | base64 -d | tail -c 64 > sig
    (printf '302a300506032b6570032100' | xxd -r -p
     printf '%s' '<KEY after its second +>' | base64 -d | tail -c 32) > pk.der
    openssl pkeyutl -verify -pubin -keyform DER -inkey pk.der -rawin -in text -sigfile sig

{stamp}

3. WHAT IS IN HERE

    events.jsonl       the events, byte for byte as they were recorded; one a line
    indices.json       the place of each of them in the log
    proofs/            for each event, the proof that it is in the signed log (C2SP tlog-proof)
    checkpoint         the signed head of the log, with the signatures of witnesses if there are any
    checkpoint.log     the same with the log's own signature alone: what a time stamp covers
    disclosures.json   the personal values that you may see, each bound to its event (RFC 9901)
    policy.txt         which keys the pack was checked against when it was made (C2SP tlog-policy)
    manifest.json      every file with its SHA-256
{more}    report.html/.pdf   a reading of it for people; each fact names its event: #12
    verify.py          a copy of the program of step 1

What is proved are events, indices, proofs and checkpoint{and_}. All else is a reading of
them, by the operator. Where the two differ, the events count.
A log proves what was recorded, in what order and by when. It does not prove that an event that
was never recorded did not happen.
"""
MORE = {
    "case": """\
    case.json          the case as data, derived from the events alone
    controls.json      what the case shows of SOC 2, ISO 27001, NIST and PCI DSS controls
""",
    "period": """\
    population.jsonl   every case of the period; population.csv is the same for a spreadsheet
    sample.json        the seed, the sealed root and the ranks: which cases were drawn
    sample/            a whole pack of each case that was drawn
    consistency/       earlier heads of the log, and the proofs that it only grew since
""",
}
STAMPED = """\
The time stamp: SHA-256 of checkpoint.log, stamped by an authority that you know (RFC 3161):

    openssl ts -verify -data checkpoint.log -in checkpoint.tsr -CAfile TSA-CA.pem

"""
NOT_STAMPED = "There is no time stamp in this pack.\n"


def readme(kind: str, head: Head, title: str) -> str:
    """`title` may hold what people wrote: only what can be seen of it is kept."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in title)
    return TEXT.format(
        title=plain,
        underline="=" * min(len(plain), 90),
        keys="".join(f"\n    {vkey}\n" for vkey in head.log_keys),
        stamp=STAMPED if head.time_stamp else NOT_STAMPED,
        more=MORE[kind],
        and_=", which cases there are, and which were drawn" if kind == "period" else "",
    )
