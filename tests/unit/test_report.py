"""Reports: what people wrote is shown, never run; what cannot be seen is shown by its number."""

import json
import re
import subprocess
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.debian import require
from tests.stories import CASE, Telling, a_good_case, cut
from workflows.evidence import render
from workflows.evidence.leaves import Fact
from workflows.evidence.made import made
from workflows.evidence.pack import case_pack
from workflows.evidence.render import html, pdf, printable
from workflows.evidence.report import Report, case_report
from workflows.evidence.seen import read_back
from workflows.evidence.shapes import Try
from workflows.evidence.words import HIDDEN, STANDINGS, TONES, lasted, listed, moment, visible

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "#panic(1)",
    '$x$ *b* _i_ @ref <label> // #import "x.typ": *',
    '#read("/etc/passwd")',
    "{{ 7*7 }}{% raw %}",
    "\u202egnp.exe",
    "zero\u200bwidth\x00nul\nline",
    "王小明 عمر 🦊",
    "'\" onload=alert(1) x='",
    "</title><style>*{display:none}</style>",
)


def report_of(telling: Telling, after: timedelta = timedelta(days=2)) -> Report:
    return case_report(
        telling.story(after), telling.leaves(), telling.head(), made(), "0000-1111-2222-3333"
    )


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(page: bytes) -> Tags:
    tags = Tags()
    tags.feed(page.decode())
    return tags


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_only_ever_text(name: str) -> None:
    usual = parsed(html(report_of(a_good_case())))
    report = report_of(a_good_case(name=name))
    page = parsed(html(report))
    assert page.tags == usual.tags
    assert set(page.attributes) == set(usual.attributes)
    assert visible(name) in "".join(page.text)
    assert pdf(report).startswith(b"%PDF-")


def test_the_page_is_one_file_without_scripts_or_anything_from_elsewhere() -> None:
    page = html(report_of(a_good_case())).decode()
    tags = parsed(page.encode())
    assert not {"script", "link", "iframe", "object", "img", "form"} & set(tags.tags)
    assert not [name for name in tags.attributes if name.startswith("on")]
    addresses = set(re.findall(r"""(?:href|src|url)\s*[=(]\s*["']?([^"'\s)>]+)""", page))
    assert all(one.startswith("#leaf-") for one in addresses)
    assert "default-src 'none'" in page


def test_every_citation_leads_to_an_event_of_the_pack() -> None:
    page = html(report_of(a_good_case())).decode()
    cited = set(re.findall(r'href="#(leaf-\d+)"', page))
    there = set(re.findall(r'id="(leaf-\d+)"', page))
    assert cited
    assert cited <= there


def test_the_pdf_is_the_same_for_the_same_data() -> None:
    assert pdf(report_of(a_good_case())) == pdf(report_of(a_good_case()))


def text_of(made_pdf: bytes, folder: Path) -> str:
    require("pdftotext")
    path = folder / "r.pdf"
    path.write_bytes(made_pdf)
    done = subprocess.run(
        ["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_the_pdf_says_what_the_page_says(tmp_path: Path) -> None:
    text = text_of(pdf(report_of(a_good_case())), tmp_path)
    for words in (
        "Mara Okafor can no longer get in.",
        "The systems",
        "Nothing is left open.",
        "Check this yourself",
        "What this pack does not show",
        "0000-1111-2222-3333",
        "page 1 of",
    ):
        assert words in text, words
    assert "INTERIM" not in text


def test_what_people_wrote_is_in_the_pdf_as_they_wrote_it(tmp_path: Path) -> None:
    name = "#panic(1) $x$ =cmd|' /C calc'!A0 <script>"
    text = text_of(pdf(report_of(a_good_case(name=name))), tmp_path)
    said = " ".join(text.split())
    assert "#panic(1) $x$ =cmd|' /C calc'!A0 <script>" in said


@pytest.mark.slow
def test_a_long_case_repeats_the_heads_of_its_tables(tmp_path: Path) -> None:
    telling = Telling()
    telling.opens()
    telling.begins("directory")
    for n in range(120):
        cut(telling, "directory", f"a{n}")
    text = text_of(pdf(report_of(telling)), tmp_path)
    assert text.count("no. in case") + text.count("no. in") > 5


def test_an_open_case_says_in_big_words_that_it_is_not_final() -> None:
    telling = Telling()
    telling.opens()
    telling.begins("directory")
    page = html(report_of(telling)).decode()
    assert "INTERIM – NOT FINAL" in page
    assert "is NOT cut off everywhere" in page


def test_a_letter_that_the_fonts_lack_is_shown_by_its_number() -> None:
    assert printable("Łukasz Ωμέγα Дарья “é”") == "Łukasz Ωμέγα Дарья “é”"
    assert printable("王") == "⟨U+738B⟩"
    assert printable("🦊\u202e") == "⟨U+1F98A⟩⟨U+202E⟩"
    assert printable("e\u0301") == "é"  # a letter and its accent are one


def test_the_fonts_have_every_letter_that_is_let_through(tmp_path: Path) -> None:
    """Each on a page of its own: a letter that no font has looks like every other such letter."""
    letters = [chr(n) for n in range(0x21, 0x2800) if render.IN_THE_FONTS.fullmatch(chr(n))]
    plain = [one for one in letters if one.strip() and not 0x300 <= ord(one) <= 0x36F]
    source = tmp_path / "t.typ"
    source.write_text(
        "#set page(width: 24pt, height: 24pt, margin: 2pt)\n"
        '#set text(font: ("Libertinus Serif", "DejaVu Sans Mono"), size: 14pt)\n'
        "#json(bytes(sys.inputs.data)).join(pagebreak())"
    )
    data = json.dumps([*plain, "\u4e00", "\U0001f98a"])
    compiler = typst.Compiler(str(source), root=str(tmp_path), ignore_system_fonts=True)
    pages = compiler.compile(format="png", ppi=72, sys_inputs={"data": data})
    assert isinstance(pages, list)
    *seen, missing, also_missing = pages
    assert missing == also_missing
    assert [one for one, page in zip(plain, seen, strict=True) if page == missing] == []


@settings(max_examples=25)
@given(st.text(max_size=60))
def test_no_text_breaks_the_page_or_hides_in_it(text: str) -> None:
    shown = visible(text)
    assert not HIDDEN.search(shown)
    assert all(render.IN_THE_FONTS.fullmatch(one) for one in printable(text))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0.0 s"),
        (1.34, "1.3 s"),
        (60, "1 min"),
        (245, "4 min 05 s"),
        (3600, "1 h"),
        (12_000, "3 h 20 min"),
        (86_400, "1 day"),
        (24 * 86_400 + 3 * 3600, "24 days 3 h"),
        (None, "not recorded"),
    ],
)
def test_how_long_it_lasted_is_said_as_people_say_it(seconds: float | None, words: str) -> None:
    assert lasted(seconds) == words


def test_an_instant_is_told_in_utc_or_where_the_worker_lives() -> None:
    text = "2026-09-25T22:00:00.000000Z"
    assert moment(text) == "2026-09-25 22:00:00 UTC"
    assert moment(text, "Europe/Berlin") == "2026-09-26 00:00:00 CEST"
    assert moment(text, "Not/AZone") == "2026-09-25 22:00:00 UTC"
    assert moment(None) == "not recorded"


def test_words_are_listed_as_people_list_them() -> None:
    assert [listed(w) for w in (["a"], ["a", "b"], ["a", "b", "c"])] == [
        "a",
        "a and b",
        "a, b and c",
    ]


def test_every_standing_has_a_tone() -> None:
    assert set(STANDINGS) == set(TONES)


def test_a_name_without_an_end_still_makes_its_report() -> None:
    telling = a_good_case(name="x" * 2000)
    assert case_pack(CASE, telling.gathered()).content


def test_a_read_back_tells_what_bears_on_its_own_action() -> None:
    after = {"enabled": True, "held": {"grants": 3, "tokens": 0}, "stays": {"grants": 1}}
    once = Try(1, Fact(), read_back=Fact("2026-09-01T12:00:00Z", 4), said="confirmed", after=after)
    assert read_back(once, "block_sign_in").endswith(": sign-in open")
    told = "3 groups and grants, 1 of which cannot be taken away, 0 tokens and keys"
    assert read_back(once, "revoke_grants").endswith(told)
    assert read_back(Try(1, Fact()), "revoke_grants") == "not read back"


def test_nothing_is_called_done_that_was_already_so_nor_not_due_that_waits() -> None:
    telling = Telling()
    telling.opens()
    telling.begins("crm")
    telling.finds("crm", "a1")
    devices = {"item": "d1", "action": "lock_devices", "wave": "contain"}
    files = {"item": "f1", "action": "transfer_files", "wave": "hand_over"}
    telling.plans("crm", "a1", devices, files | {"due_at": telling.at(0)})
    place = {"system": "crm", "account": "a1", "item": "d1", "wave": "contain", "attempt": 1}
    telling.add("lock_devices.intent", "pending", 1.0, place)
    telling.add("lock_devices.result", "already", 1.1, {**place, "state": "done", "calls": []})
    telling.add("lock_devices.read_back", "confirmed", 1.2, {**place, "held": {"devices": 0}})
    telling.add("wave.awaiting_approval", "pending", 2.0, {"wave": "hand_over"})
    verbs = report_of(telling).document["pages"][0]["accounts"][0]["verbs"]
    told = {verb["action"]: (verb["standing"], verb["business"]) for verb in verbs}
    assert told["lock devices"] == ("nothing was left to do, and the system itself shows it", "")
    assert told["transfer files"][0] == "waits for an approval"
