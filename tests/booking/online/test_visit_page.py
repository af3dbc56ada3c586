"""The page behind a link shows the visit, confirms and cancels it by plain forms, and never acts on a GET."""

import re

import pytest
from werkzeug.test import TestResponse

from tests.support.cast import Clinic, Made

TEN = "2027-03-01T10:00:00+00:00"


@pytest.fixture
def visit(clinic: Clinic) -> Made:
    """Book the clinic's patient."""
    return clinic.booked(TEN)


def page_of(clinic: Clinic, visit: Made, *actions: str) -> str:
    """Write a link, and give the path of its page."""
    made = clinic.desk.made(f"/appointments/{visit['id']}/links", actions=list(actions))
    return "/visit/" + made["url"].rpartition("/visit/")[2]


def ask(clinic: Clinic, path: str, method: str = "GET") -> TestResponse:
    """Ask for a page as a browser does."""
    headers = {"X-Clinic-Now": str(clinic.desk.now)}
    return clinic.desk.app.test_client().open(path, method=method, headers=headers)


def status_of(clinic: Clinic, visit: Made) -> str:
    """Give the visit's status."""
    return str(clinic.desk.get(f"/appointments/{visit['id']}").get_json()["status"])


def test_a_patient_confirms_and_cancels_by_the_forms_of_the_page(clinic: Clinic, visit: Made) -> None:
    path = page_of(clinic, visit, "confirm", "cancel")
    shown = ask(clinic, path)
    forms = re.findall(r'action="([^"]+)"', shown.text)
    confirmed = ask(clinic, forms[0], "POST")
    again = ask(clinic, path)
    cancelled = ask(clinic, forms[1], "POST")

    assert "Monday, 1 March 2027 at 10:00" in shown.text
    assert (confirmed.status_code, confirmed.headers["Location"]) == (303, path)
    assert "is confirmed" in again.text
    assert re.findall(r'action="([^"]+)"', again.text) == forms[1:]
    assert (cancelled.status_code, status_of(clinic, visit)) == (303, "cancelled")


def test_a_button_that_is_pressed_twice_has_done_its_work_once(clinic: Clinic, visit: Made) -> None:
    path = page_of(clinic, visit, "confirm")

    assert [ask(clinic, f"{path}/confirm", "POST").status_code for _ in range(2)] == [303, 303]
    assert clinic.desk.get(f"/appointments/{visit['id']}").get_json()["version"] == visit["version"] + 1


def test_looking_changes_nothing_and_tells_nobody(clinic: Clinic, visit: Made) -> None:
    path = page_of(clinic, visit, "confirm", "cancel")
    shown = ask(clinic, path)

    assert ask(clinic, f"{path}/confirm").status_code == 405
    assert status_of(clinic, visit) == "booked"
    assert (shown.headers["Referrer-Policy"], shown.headers["Cache-Control"]) == ("no-referrer", "no-store")
    assert "script" not in shown.text


def test_a_page_offers_and_does_what_its_link_names(clinic: Clinic, visit: Made) -> None:
    path = page_of(clinic, visit, "confirm")

    assert "cancel" not in ask(clinic, path).text
    assert ask(clinic, f"{path}/cancel", "POST").status_code == 404
    assert status_of(clinic, visit) == "booked"


def test_what_cannot_be_done_any_more_is_said(clinic: Clinic, visit: Made) -> None:
    path = page_of(clinic, visit, "confirm", "cancel")
    clinic.acted("cancel", visit, reason_code="clinic")
    answer = ask(clinic, f"{path}/confirm", "POST")

    assert (answer.status_code, "call the clinic" in answer.text) == (409, True)


def test_a_link_that_is_no_good_leads_to_a_page_that_says_so(clinic: Clinic, visit: Made) -> None:
    path = page_of(clinic, visit, "confirm")
    clinic.desk.delete(f"/appointments/{visit['id']}/links")

    assert ask(clinic, path).status_code == 404
    assert ask(clinic, "/visit/bl_nothing").status_code == 404
    assert ask(clinic, "/visit/bl_nothing/confirm", "POST").status_code == 404
