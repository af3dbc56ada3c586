"""A message speaks of a deadline only while it lies ahead."""

import pytest

from booking.catalogue.message_templates import default_message_templates
from booking.messages.past_sentences import without_sentences
from tests.support.cast import Clinic
from tests.support.messages import BOOKED, VISIT, listed

FREE = "Moving or cancelling is free of charge until"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Stay. Free until {cancel_until}.", "Stay."),
        ("Free until {cancel_until}. Stay.", "Stay."),
        ("Stay. Free until {cancel_until}! Come.", "Stay. Come."),
        ("Hello\n\nFree until {cancel_until}.\n\nBye", "Hello\n\nBye"),
        ("Hello\nFree until {cancel_until}\nBye", "Hello\nBye"),
        ("Free of charge\nuntil {cancel_until}.\nBye", "Bye"),
        ("Free of charge until\n{cancel_until}.\nBye", "Bye"),
        ("Free, e.g. until {cancel_until}. Bye", "Bye"),
        ("{cancel_until} is the last time.\nBye", "Bye"),
        ("Bye. {cancel_until} is the last time.", "Bye."),
        ("Nur bis {cancel_until}. Änderungen danach kosten.", "Änderungen danach kosten."),
        ("{cancel_until}", ""),
        ("Free until {cancel_until}.\n\nThat is, {cancel_until}.", ""),
        ("Come on {date}.  At {time}.", "Come on {date}.  At {time}."),
    ],
)
def test_the_sentences_of_a_field_go_and_the_others_stay_as_they_are(text: str, left: str) -> None:
    assert without_sentences(text, ["cancel_until"]) == left


@pytest.mark.parametrize("template", default_message_templates(), ids=lambda one: one["kind"])
def test_nothing_of_a_template_goes_without_a_field_that_has_passed(template: dict[str, str]) -> None:
    assert without_sentences(template["body"], []) == template["body"]


@pytest.mark.parametrize("template", default_message_templates(), ids=lambda one: one["kind"])
def test_every_default_message_has_something_left_to_say(template: dict[str, str]) -> None:
    left = without_sentences(template["body"], ["cancel_until"])

    assert left.startswith("Hello {patient},\n\n")
    assert "free" not in left
    assert without_sentences(template["subject"], ["cancel_until"]) == template["subject"]


# The visit is on 27 March at 12:00, and free to move until 48 hours before.
@pytest.mark.parametrize(
    ("booked_at", "told"),
    [
        ("2027-03-25T11:59:59Z", True),
        ("2027-03-25T12:00:00Z", False),
        ("2027-03-25T12:00:01Z", False),
        ("2027-03-26T12:00:00Z", False),
    ],
)
def test_a_confirmation_tells_of_the_deadline_while_it_lies_ahead(
    clinic: Clinic, booked_at: str, told: bool
) -> None:
    clinic.at(booked_at).booked(VISIT)

    [message] = [one for one in listed(clinic, booked_at) if one["kind"] == "confirmation"]

    assert (FREE in message["body"]) is told
    assert "is booked for 2027-03-27 at 12:00." in message["body"]


def test_a_message_that_goes_out_late_is_worded_as_of_then(clinic: Clinic) -> None:
    clinic.at("2027-03-25T11:00:00Z").booked(VISIT)

    texts = [listed(clinic, now)[0]["body"] for now in ("2027-03-25T11:59:00Z", "2027-03-25T12:01:00Z")]

    assert [FREE in text for text in texts] == [True, False]


@pytest.mark.parametrize(("hours", "told"), [(47, True), (48, False), (72, False)])
@pytest.mark.usefixtures("booked")
def test_a_reminder_that_is_listed_ahead_is_worded_as_of_its_time(
    clinic: Clinic, hours: int, told: bool
) -> None:
    policy = {"policy": {"cancel_free_hours": hours}}
    clinic.desk.patch(f"/locations/{clinic.location['id']}", policy)

    [message] = [
        one for one in listed(clinic, BOOKED, "2027-03-26T00:00:00Z") if one["kind"] == "reminder_2d"
    ]

    assert ("That is free until" in message["body"]) is told
    assert "Please reply C to confirm or R to move it." in message["body"]


@pytest.mark.usefixtures("booked")
def test_a_clinics_own_words_after_the_visit_offer_nothing_that_is_over(clinic: Clinic) -> None:
    [template] = clinic.desk.get("/message-templates", kind="reminder_2h").get_json()["items"]
    path = f"/message-templates/{template['id']}"
    own = {"subject": "Free until {cancel_until}", "body": "See you. Free until {cancel_until}."}
    clinic.desk.patch(path, own)
    [worded] = [one for one in listed(clinic, "2027-03-27T10:30:00Z") if one["kind"] == "reminder_2h"]
    clinic.desk.patch(path, {"body": "Free until {cancel_until}."})

    assert (worded["subject"], worded["body"]) == ("Test clinic", "See you.")
    assert "reminder_2h" not in [one["kind"] for one in listed(clinic, "2027-03-27T10:30:00Z")]
