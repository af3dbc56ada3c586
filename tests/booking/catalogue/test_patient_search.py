"""Patients are found as people write their names, exactly first and with small slips last."""

# ruff: noqa: RUF001 - people write their names with such letters.

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import text

from booking.catalogue.patient_search import one_slip_apart, words_of
from models.database import Database
from models.folding import folded, search_text
from tests.support.catalogue_cast import Cast
from tests.support.desk import Desk
from tests.support.pages import items_page_by_page

JOSE = "José O’Brien-García"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def found(desk: Desk, q: str, **query: Any) -> list[str]:
    """Search for patients, and give their names in order."""
    return [one["name"] for one in desk.get("/patients", q=q, **query).get_json()["items"]]


@pytest.mark.parametrize(
    "q",
    [
        unicodedata.normalize("NFC", JOSE), unicodedata.normalize("NFD", JOSE), "JOSE O'BRIEN-GARCIA",
        "jose obriengarcia", "josé  o`brien", "o´brien", "O‘Brien", "garcia jose", "GARCÍA,  José", "jos bri",
        "jo ob", "j", "jose@", "jose@example.org", "Jose O'B. example", "07911 12", "7911123", "+44 7911-123",
        "+44 (0)7911", "123456", "jose 123456",
    ],
)  # fmt: skip
def test_a_patient_is_found_however_the_words_are_written(cast: Cast, q: str) -> None:
    cast.desk.made("/patients", name=JOSE, email="jose@example.org", phone="+447911123456")
    cast.desk.made("/patients", name="Dora Dunn", email="dora@example.com", phone="+442079460000")

    assert found(cast.desk, q) == [JOSE]


@pytest.mark.parametrize(
    ("name", "q"),
    [
        ("Søren Łukasz", "soren lukasz"), ("Jürgen Groß", "JURGEN GROSS"), ("Мария Иванова", "иванова мария"),
        ("李小龙", "小龙"), ("Ægir Œuvre", "aegir oeuvre"), ("Iırem", "irem"), ("ﬁona", "Fiona"),
    ],
)  # fmt: skip
def test_letters_of_other_languages_are_found(cast: Cast, name: str, q: str) -> None:
    cast.desk.made("/patients", name=name)

    assert name in found(cast.desk, q)


@pytest.mark.parametrize(
    ("name", "q"),
    [
        ("Katherine Schmidt", "kathrine"), ("Katherine Schmidt", "Katherien schmidt"),
        ("Katherine Schmidt", "schmit katherine"), ("Katherine Schmidt", "kathrine schmit"),
        ("John Smith", "smtih"), ("John Smith", "Jonh"), ("John Smith", "smiths john"),
        ("John Smith", "smoth"), ("John Smith", "johm smithh"), ("Michael Ode", "Micheal"),
        ("Ольга Петрова", "Петорва"),
    ],
)  # fmt: skip
def test_a_slip_of_the_pen_finds_too(cast: Cast, name: str, q: str) -> None:
    cast.desk.made("/patients", name=name)

    assert found(cast.desk, q) == [name]


@pytest.mark.parametrize(
    "q", ["Rodrigo", "bxrtx blxxm", "bl", "xyz", "%", "_", "\\", "'", "-", ".", "b% b%", "0"]
)
def test_what_is_not_near_is_not_found(cast: Cast, q: str) -> None:
    cast.desk.made("/patients", name="Rosalind Franklin")

    assert [name for name in found(cast.desk, q) if name != "Berta Bloom"] == []


def test_exact_words_come_before_slips_and_older_patients_first(cast: Cast) -> None:
    names = ["Berta Blom", "Anna Bloom", "Berta Bloum", "Carl Bloom"]
    for name in names:
        cast.desk.made("/patients", name=name)

    assert found(cast.desk, "bloom") == [
        "Berta Bloom",
        "Anna Bloom",
        "Carl Bloom",
        "Berta Blom",
        "Berta Bloum",
    ]


def test_a_search_backwards_gives_those_with_every_word_the_last_recorded_first(cast: Cast) -> None:
    for name in ("Bloom One", "Blom Slip", "Bloom Two"):
        cast.desk.made("/patients", name=name)

    backwards = [name for name in found(cast.desk, "bloom", sort="-created_at") if name[6:] in ("One", "Two")]

    assert backwards == ["Bloom Two", "Bloom One"]
    assert "Blom Slip" in found(cast.desk, "bloom")
    assert "Blom Slip" not in found(cast.desk, "bloom", sort="-created_at")


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_a_search_is_paged_like_every_list(cast: Cast, limit: int) -> None:
    for number in range(3):
        cast.desk.made("/patients", name=f"Anna Bloom {number}")
        cast.desk.made("/patients", name=f"Anna Blom {number}")

    whole = cast.desk.get("/patients", q="bloom").get_json()
    paged = items_page_by_page(cast.desk, "/patients", limit=limit, q="bloom")

    assert (len(whole["items"]), whole["next_cursor"]) == (7, None)
    assert paged == whole["items"]


def test_no_name_is_in_a_cursor(cast: Cast) -> None:
    cast.desk.made("/patients", name="Anna Bloom")

    page = cast.desk.get("/patients", q="bloom", limit=1)

    assert len(page.get_json()["next_cursor"]) == len("0" * 23)


@pytest.mark.parametrize("cursor", ["AA", "!", "x" * 40])
def test_a_cursor_of_no_search_is_refused(cast: Cast, cursor: str) -> None:
    assert cast.desk.get("/patients", q="bloom", cursor=cursor).status_code == 422


def test_a_search_follows_every_change(cast: Cast) -> None:
    made = cast.desk.made("/patients", name="Anna Aal", email="anna@example.org")

    cast.desk.patch(f"/patients/{made['id']}", {"name": "Eva Aal", "email": None, "phone": "+447911123456"})

    assert [found(cast.desk, q) for q in ("anna", "eva", "anna@", "07911")] == [
        [],
        ["Eva Aal"],
        [],
        ["Eva Aal"],
    ]


def test_another_clinics_patients_are_not_found(cast: Cast, make_cast: Callable[[], Cast]) -> None:
    make_cast().desk.made("/patients", name="Zacharias Zorn", phone="+447911123456")

    assert [found(cast.desk, q) for q in ("zacharias", "zacharais", "07911", "zo", "z")] == [[]] * 5


def test_the_search_leaves_the_transaction_bound_to_its_clinic(cast: Cast, database: Database) -> None:
    settings = text(
        "SELECT current_setting('clinic.id'), current_setting('clinic.searching', true),"
        " current_setting('clinic.searched', true), current_setting('enable_seqscan')"
    )
    with database.transaction(cast.desk.clinic_id) as session:
        session.execute(text("SELECT * FROM find_patients('{%berta%}', '{}', NULL, NULL, NULL, 5)"))

        assert session.execute(settings).one() == (str(cast.desk.clinic_id), "", "", "on")


def test_the_search_goes_by_its_index(cast: Cast, database: Database) -> None:
    fill = text("""
        INSERT INTO patients (clinic_id, id, name, search_text)
        SELECT :clinic_id, gen_random_uuid(), 'X', ' ' || md5(n::text) || ' '
        FROM generate_series(1, 5000) AS n
    """)
    with database.transaction(cast.desk.clinic_id) as session:
        session.execute(fill, {"clinic_id": cast.desk.clinic_id})
        session.execute(text("ANALYZE patients"))
        plan = _plan_of_the_search(session, cast)

    assert "ix_patients_search_text" in plan
    assert "Seq Scan" not in plan


def _plan_of_the_search(session: Any, cast: Cast) -> str:
    """Explain the function's statement under the function's settings."""
    source = session.scalar(text("SELECT prosrc FROM pg_proc WHERE proname = 'find_patients'"))
    statement = source[source.index("SELECT p.id") :].partition(";")[0]
    for name, value in {
        "also": "'{}'::text[]", "any_of": "NULL::text[]", "but": "NULL::text[]", "last": "NULL::uuid",
    }.items():  # fmt: skip
        statement = statement.replace(f"({name})", f"({value})").replace(f"{name} IS", f"{value} IS")
    statement = statement.replace("> last", "> NULL::uuid").replace("LIMIT most", "LIMIT 51")
    for setting in session.scalar(text("SELECT proconfig FROM pg_proc WHERE proname = 'find_patients'")):
        name, _, value = setting.partition("=")
        session.execute(text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value})
    bound = "set_config('clinic.id', '', true), set_config('clinic.searching', :clinic, true)"
    pattern = "set_config('clinic.searched', '%abc%', true)"
    session.execute(text(f"SELECT {bound}, {pattern}"), {"clinic": str(cast.desk.clinic_id)})
    return "\n".join(session.scalars(text(f"EXPLAIN {statement}")))


@given(st.text(max_size=20))
def test_folding_is_stable(written: str) -> None:
    once = folded(written)

    assert folded(once) == once
    assert "  " not in once
    assert once == once.strip()


@given(st.text(max_size=20))
def test_composed_decomposed_and_other_cases_fold_alike(written: str) -> None:
    forms = {folded(unicodedata.normalize(form, written)) for form in ("NFC", "NFD")}

    assert forms == {folded(written)} == {folded(written.casefold())}


@given(st.text(max_size=20), st.text(max_size=20))
def test_every_word_of_a_name_is_in_its_search_text(first: str, last: str) -> None:
    words = words_of(f"{last} {first}")
    assume(not any(word.isdigit() for word in words))

    assert [word for word in words if word not in search_text(f"{first} {last}", None, None)] == []


@given(st.text(LETTERS, min_size=4, max_size=12), st.data())
def test_every_single_slip_is_one(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from(LETTERS))
    slips = [
        word[:place] + letter + word[place:],
        word[:place] + letter + word[place + 1 :],
        word[:place] + word[place + 1 :],
        word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :] if place else word,
    ]

    assert [slip for slip in slips if not one_slip_apart(word, slip) or not one_slip_apart(slip, word)] == []


@pytest.mark.parametrize("other", ["smiet", "sxixh", "smithxy", "smi", "htims", ""])
def test_two_slips_are_too_many(other: str) -> None:
    assert not one_slip_apart("smith", other)
