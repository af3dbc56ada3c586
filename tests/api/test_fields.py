"""The strict fields accept good values and refuse bad values."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from marshmallow import ValidationError, fields

from schemas.base import Resource, Schema, page_of, patch_of, schema_name
from schemas.fields import (
    Choice,
    Code,
    Codes,
    Flag,
    Id,
    Ids,
    Integer,
    ListOf,
    Minutes,
    Nested,
    Number,
    QueryCodes,
    QueryFlag,
    QueryInteger,
    Text,
)
from schemas.phase_minutes import QueryPhaseMinutes
from schemas.times import Instant, LocalDate, TimeOfDay, Weekday, Zone

ID = "018f3f3e-0000-7000-8000-00000000000a"


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (Text(5), "  abc ", "abc"),
        (Text(5), "abcde", "abcde"),
        (Text(9, lines=True), "a\nb", "a\nb"),
        (Code(), "MN_DERMAL", "MN_DERMAL"),
        (Code(3), "a b", "a b"),
        (Choice(("a", "b")), "b", "b"),
        (Flag(), False, False),
        (QueryFlag(), "true", True),
        (Integer(minimum=1, maximum=3), 3, 3),
        (Integer(), 2**31 - 1, 2**31 - 1),
        (QueryInteger(), "-7", -7),
        (Minutes(), 5, 5),
        (Minutes(), 1440, 1440),
        (Number(minimum=0, maximum=3), 3, 3.0),
        (Id(), ID.upper(), UUID(ID)),
        (Ids(), [ID], [UUID(ID)]),
        (Codes(), ["a", "A"], ["a", "A"]),
        (QueryCodes(), "FACE,NECK", ["FACE", "NECK"]),
        (QueryCodes(), ["FACE", "NECK,SCALP"], ["FACE", "NECK", "SCALP"]),
        (QueryPhaseMinutes(), ["Numbing:45", "Needling:30"], {"Numbing": 45, "Needling": 30}),
        (LocalDate(), "2028-02-29", date(2028, 2, 29)),
        (LocalDate(first_year=1900), "1931-05-01", date(1931, 5, 1)),
        (TimeOfDay(), "00:00", 0),
        (TimeOfDay(), "23:55", 1435),
        (TimeOfDay(end=True), "24:00", 1440),
        (Weekday(), "sun", 6),
        (Zone(), "America/New_York", "America/New_York"),
        (Instant(), "2027-04-03t10:00:00.5z", datetime(2027, 4, 3, 10, 0, 0, 500_000, UTC)),
        (Instant(grid=True), "2027-04-03T10:05:00Z", datetime(2027, 4, 3, 10, 5, tzinfo=UTC)),
    ],
)
def test_a_good_value_is_read(field: fields.Field[Any], value: object, expected: object) -> None:
    assert field.deserialize(value) == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Text(5), "abcdef"),
        (Text(5), "   "),
        (Text(5), "a\nb"),
        (Text(5), "a\x00b"),
        (Text(5), "a\x7fb"),
        (Text(9, lines=True), "a\x00b"),
        (Text(5), 5),
        (Text(5), None),
        (Text(5), ["a"]),
        (Code(), ""),
        (Code(), " a"),
        (Code(), "a" * 65),
        (Code(), "a\tb"),
        (Code(), 1),
        (Choice(("a", "b")), "c"),
        (Choice(("a", "b")), {}),
        (Flag(), 1),
        (Flag(), "true"),
        (QueryFlag(), "1"),
        (QueryFlag(), "True"),
        (Integer(), "5"),
        (Integer(), True),
        (Integer(), 5.0),
        (Integer(), 2**31),
        (Integer(minimum=1), 0),
        (QueryInteger(), "5.0"),
        (QueryInteger(), "\u0665"),
        (QueryInteger(), "1e2"),
        (QueryInteger(), "99999999999"),
        (Minutes(), 0),
        (Minutes(), -5),
        (Minutes(), 7),
        (Minutes(), 1445),
        (Number(minimum=0, maximum=3), float("nan")),
        (Number(minimum=0, maximum=3), float("inf")),
        (Number(minimum=0, maximum=3), "1"),
        (Number(minimum=0, maximum=3), True),
        (Number(minimum=0, maximum=3), 3.1),
        (Id(), ID.replace("-", "")),
        (Id(), f"{{{ID}}}"),
        (Id(), 7),
        (Ids(), [ID, ID.upper()]),
        (Ids(), ID),
        (Codes(), {"a": 1}),
        (ListOf(Integer(), maximum=2), [1, 2, 3]),
        (QueryCodes(), "FACE,"),
        (QueryCodes(), "FACE,FACE"),
        (LocalDate(), "2027-02-29"),
        (LocalDate(), "20270401"),
        (LocalDate(), "2027-W01-1"),
        (LocalDate(), "1999-12-31"),
        (LocalDate(), "2101-01-01"),
        (LocalDate(), 20270401),
        (TimeOfDay(), "24:00"),
        (TimeOfDay(end=True), "24:05"),
        (TimeOfDay(), "9:00"),
        (TimeOfDay(), "09:01"),
        (TimeOfDay(), "09:60"),
        (TimeOfDay(), 540),
        (Weekday(), "Mon"),
        (Weekday(), 0),
        (Weekday(), ["mon"]),
        (Zone(), "Europe/london"),
        (Zone(), "Mars/Olympus"),
        (Zone(), "../etc/passwd"),
        (Zone(), "localtime"),
        (Zone(), 1),
        (Instant(), "2027-04-03T10:00:00"),
        (Instant(), "2027-04-03T10:00:00 01:00"),
        (Instant(), "2027-04-03"),
        (Instant(), "2027-04-31T10:00:00Z"),
        (Instant(), "2027-04-03T25:00:00Z"),
        (Instant(), "2027-04-03T10:00:60Z"),
        (Instant(), "2027-04-03T10:00:00+25:00"),
        (Instant(), "1999-12-31T23:59:59Z"),
        (Instant(), "2101-01-01T00:00:00Z"),
        (Instant(), 1_800_000_000),
        (Instant(grid=True), "2027-04-03T10:04:00Z"),
        (Instant(grid=True), "2027-04-03T10:05:01Z"),
        (Instant(grid=True), "2027-04-03T10:05:00.000001Z"),
        (Instant(grid=True), "2027-04-03T10:05:00+00:01"),
    ],
)
def test_a_bad_value_is_refused(field: fields.Field[Any], value: object) -> None:
    with pytest.raises(ValidationError):
        field.deserialize(value)


@pytest.mark.parametrize(
    "name",
    ["Ann\u200b", "\u200eAnn", "Ann\u202eyenoL", "An\u2060n", "\ufeffAnn", "Ann\u2066 Lee", "An\u00adn",
     "\u200d", "Ann \u200dLee", "Ann\u200d\u200d", "\u3164", "Ann\u2028Lee", "\u034fAnn", "A\U000e0041nn"],
)  # fmt: skip
@pytest.mark.parametrize("field", [Text(20), Code()])
def test_a_text_holds_nothing_that_nobody_can_see(field: fields.Field[Any], name: str) -> None:
    with pytest.raises(ValidationError):
        field.deserialize(name)


@pytest.mark.parametrize(
    "name",
    ["\u0646\u200c\u0627", "\u0915\u094d\u200d\u0937", "\U0001f469\u200d\U0001f52c",
     "e\u0301va", "\u0600\u0661"],
)  # fmt: skip
def test_a_joiner_may_stand_between_letters_and_within_an_emoji(name: str) -> None:
    assert Text(20).deserialize(name) == name


def test_a_message_never_repeats_the_value() -> None:
    with pytest.raises(ValidationError) as refused:
        Text(3).deserialize("Ada Lovelace")

    assert "Ada" not in str(refused.value.messages)


class _Everything(Schema):
    at = Instant()
    on = LocalDate()
    opens = TimeOfDay()
    weekday = Weekday()


def test_times_are_written_as_they_are_read() -> None:
    plus_one = timezone(timedelta(hours=1))
    values = {
        "at": datetime(2027, 4, 3, 10, 0, tzinfo=plus_one),
        "on": date(2027, 4, 3),
        "opens": 1440,
        "weekday": 0,
    }

    assert _Everything().dump(values) == {
        "at": "2027-04-03T10:00:00+01:00",
        "on": "2027-04-03",
        "opens": "24:00",
        "weekday": "mon",
    }


def test_an_absent_time_is_written_as_null() -> None:
    assert _Everything().dump(dict.fromkeys(("at", "on", "opens", "weekday"))) == {
        "at": None,
        "on": None,
        "opens": None,
        "weekday": None,
    }


class _PartSchema(Schema):
    name = Text(10, required=True)


class _ThingSchema(Resource):
    kind = Code(required=True)
    name = Text(10, required=True)
    size = Integer(load_default=1)
    parts = ListOf(Nested(_PartSchema), load_default=list)


def test_a_patch_needs_no_field_and_fills_in_no_default() -> None:
    assert patch_of(_ThingSchema).load({}) == {}


def test_a_patch_takes_the_version_it_changes() -> None:
    assert patch_of(_ThingSchema).load({"version": 3}) == {"version": 3}


def test_a_patch_takes_a_fixed_field_and_says_that_it_stays() -> None:
    patch = patch_of(_ThingSchema, "kind")

    assert patch.load({"kind": "x"}) == {"kind": "x"}
    assert patch.fields["kind"].metadata["description"] == "Cannot be changed."
    assert "description" not in patch_of(_ThingSchema).fields["kind"].metadata


def test_an_object_inside_a_patch_is_whole() -> None:
    with pytest.raises(ValidationError, match="name"):
        patch_of(_ThingSchema).load({"parts": [{}]})


def test_a_client_cannot_write_what_the_server_keeps() -> None:
    with pytest.raises(ValidationError, match="created_at"):
        _ThingSchema().load({"kind": "x", "name": "y", "created_at": "2027-04-03T10:00:00Z"})


def test_a_page_has_its_items_and_the_way_on() -> None:
    schema = page_of(_PartSchema)

    assert schema().dump({"items": [{"name": "a"}], "next_cursor": None}) == {
        "items": [{"name": "a"}],
        "next_cursor": None,
    }
    assert schema_name(schema) == "_PartPage"
