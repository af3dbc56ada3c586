"""A patient's phone number is one number however it is written, or it is refused."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.phones import e164
from tests.support import samples
from tests.support.cast import pointers
from tests.support.catalogue_cast import Cast

MOBILE = "+447911123456"
WRITTEN = (
    MOBILE, "+4407911123456", "+44 (0)7911 123456", "+44 7911-123-456", "+44.7911.123.456",
    "0044 7911 123456", " +44\u00a07911\u2011123456 ", "\u202a+447911123456\u202c",
    "\uff0b44 7911 123456", "+٤٤٧٩١١١٢٣٤٥٦",
)  # fmt: skip
LETTERS = ("+44 CALL ME", "0800 FLOWERS", "+44 20 7946 0000 ext. 5", "tel:+442079460000", "+44x20", "none")
IMPOSSIBLE = (
    "+44", "+44 7911", "+4479111234567", "+999123456789", "+440000000000", "+", "--", "+44 +44 7911123456",
    "112", "0" * 50, "1" * 51, "", "00", "+00447911123456", 447911123456, ["+447911123456"],
)  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
def test_a_number_is_stored_and_found_as_one_however_it_is_written(cast: Cast, written: str) -> None:
    made = cast.desk.made("/patients", **samples.patient(phone=written))
    found = [cast.desk.get("/patients", phone=other).get_json()["items"] for other in WRITTEN]

    assert made["phone"] == MOBILE
    assert [[one["id"] for one in items] for items in found] == [[made["id"]]] * len(WRITTEN)


@pytest.mark.parametrize("phone", [*LETTERS, *IMPOSSIBLE])
def test_letters_and_numbers_that_cannot_exist_are_refused(cast: Cast, phone: object) -> None:
    path = f"/patients/{cast.patient['id']}"
    answers = [
        cast.desk.post("/patients", samples.patient(phone=phone)),
        cast.desk.patch(path, {"phone": phone}),
    ]

    assert [(one.status_code, pointers(one)) for one in answers] == [(422, ["/phone"])] * 2
    assert cast.desk.get(path).get_json()["phone"] is None


@pytest.mark.parametrize("phone", ["none", "+44 7911", "020 7946 0000"])
def test_a_search_for_no_number_is_refused(cast: Cast, phone: str) -> None:
    assert pointers(cast.desk.get("/patients", phone=phone)) == ["?phone"]


def test_a_plus_sign_that_was_not_encoded_is_still_one(cast: Cast) -> None:
    made = cast.desk.made("/patients", **samples.patient(phone=MOBILE))
    answers = [
        cast.desk.request("GET", "/patients", query_string=f"phone={written}")
        for written in (MOBILE, quote(MOBILE))
    ]

    assert [[one["id"] for one in answer.get_json()["items"]] for answer in answers] == [[made["id"]]] * 2


@pytest.mark.parametrize(
    ("country", "written", "stored"),
    [
        ("GB", "07911 123456", "+447911123456"),
        ("GB", "020 7946 0000", "+442079460000"),
        ("GB", "(020) 7946-0000", "+442079460000"),
        ("IT", "06 1234 5678", "+390612345678"),
        ("IT", "+39 06 1234 5678", "+390612345678"),
        ("IT", "312 345 6789", "+393123456789"),
        ("DE", "030 123456", "+4930123456"),
        ("US", "(212) 555-0100", "+12125550100"),
        ("US", "0044 7911 123456", "+447911123456"),
        ("US", "011 44 7911 123456", "+447911123456"),
        ("DE", "+44 7911 123456", "+447911123456"),
    ],
)
def test_national_numbers_are_those_of_the_clinics_country(
    cast: Cast, country: str, written: str, stored: str
) -> None:
    cast.desk.patch("/clinic", {"default_country": country})

    made = cast.desk.made("/patients", **samples.patient(phone=written))
    found = cast.desk.get("/patients", phone=written).get_json()["items"]

    assert (made["phone"], [one["id"] for one in found]) == (stored, [made["id"]])


def test_a_national_number_needs_a_default_country(cast: Cast, make_cast: Callable[[], Cast]) -> None:
    make_cast().desk.patch("/clinic", {"default_country": "GB"})

    answer = cast.desk.post("/patients", samples.patient(phone="020 7946 0000"))

    assert (answer.status_code, pointers(answer)) == (422, ["/phone"])
    assert "default_country" in answer.get_json()["detail"]


def test_a_number_with_too_few_digits_for_its_area_is_refused(cast: Cast) -> None:
    cast.desk.patch("/clinic", {"default_country": "US"})

    assert pointers(cast.desk.post("/patients", samples.patient(phone="555-0100"))) == ["/phone"]


def test_the_same_number_in_other_words_changes_nothing(cast: Cast) -> None:
    made = cast.desk.made("/patients", **samples.patient(phone=MOBILE))

    again = cast.desk.patch(f"/patients/{made['id']}", {"phone": "+44 (0)7911 123456"}).get_json()

    assert again["version"] == made["version"]


@given(st.text("+0123456789 ()-", max_size=20), st.sampled_from([None, "GB", "IT", "US", "DE", "FR"]))
def test_a_normalised_number_is_normal(text: str, country: str | None) -> None:
    once = e164(text, country)

    assert once is None or e164(once) == once
