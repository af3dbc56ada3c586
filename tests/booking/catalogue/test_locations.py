"""Locations: policy, zone, closures, and keys that see some locations only."""

from collections.abc import Callable

import pytest

from tests.support import samples
from tests.support.cast import UNKNOWN_ID, pointers
from tests.support.catalogue_cast import Cast
from tests.support.desk import Desk
from tests.support.widgets import ORIGIN, create_widget

POLICY = {
    "grid_minutes": 5,
    "min_notice_minutes": 0,
    "horizon_days": 365,
    "hold_seconds": 300,
    "cancel_free_hours": 48,
    "assign": "balance",
    "late_grace_minutes": 15,
    "one_area_per_visit": True,
    "anaesthetic_area_cm2": 400,
    "offer": "all",
    "consultation_valid_days": 180,
    "cooling_off_hours": 24,
    "offer_minutes": 30,
    "consultation_renewal_months": 18,
    "numbing_gap_minutes": 15,
    "many_sessions_a_year": 8,
    "skin_type_extra_days": 0,
}


def test_a_location_needs_a_name_and_a_zone_and_nothing_else(desk: Desk) -> None:
    made = desk.made("/locations", name="London", timezone="Europe/London")

    assert made["policy"] == POLICY
    assert (made["country"], made["subdivision"], made["observes_public_holidays"]) == (None, None, False)
    assert (made["opening_hours"], made["active"]) == ([], True)
    assert (made["address"], made["phone"], made["email"]) == (None, None, None)


def test_a_location_can_be_reached_by_what_everybody_may_know(cast: Cast) -> None:
    path = f"/locations/{cast.location['id']}"
    public = {"address": "1 Greek Street\nLondon", "phone": "020 7946 0000", "email": "Soho@Example.org"}
    cast.desk.patch(path, public | {"country": "GB"})
    widget = create_widget(cast.desk, "catalog:read")
    seen = widget.request("GET", path, {"Origin": ORIGIN}).get_json()

    assert (seen["address"], seen["email"]) == (public["address"], "soho@example.org")
    assert seen["phone"] == "+442079460000"


def test_a_number_is_one_of_the_locations_own_country_before_the_clinics(cast: Cast) -> None:
    cast.desk.patch("/clinic", {"default_country": "GB"})
    path = f"/locations/{cast.location['id']}"
    of_clinic = cast.desk.patch(path, {"phone": "020 7946 0000"}).get_json()["phone"]
    cast.desk.patch(path, {"country": "FR"})
    of_place = cast.desk.patch(path, {"phone": "01 42 34 56 78"}).get_json()["phone"]

    assert (of_clinic, of_place) == ("+442079460000", "+33142345678")


def test_a_policy_is_changed_number_by_number(cast: Cast) -> None:
    path = f"/locations/{cast.location['id']}"
    cast.desk.patch(path, {"policy": {"grid_minutes": 15}})
    changed = cast.desk.patch(path, {"policy": {"horizon_days": 90}}).get_json()

    assert changed["policy"] == POLICY | {"grid_minutes": 15, "horizon_days": 90}


def test_opening_hours_are_replaced_whole(cast: Cast) -> None:
    hours = [{"weekday": "sat", "opens": "10:00", "closes": "24:00"}]
    changed = cast.desk.patch(f"/locations/{cast.location['id']}", {"opening_hours": hours}).get_json()

    assert changed["opening_hours"] == [
        hours[0] | {"valid_from": None, "valid_until": None, "every_weeks": 1}
    ]


def test_periods_that_touch_or_hold_at_other_dates_do_not_overlap(cast: Cast) -> None:
    morning = {"weekday": "mon", "opens": "09:00", "closes": "12:00"}
    afternoon = {"weekday": "mon", "opens": "12:00", "closes": "18:00"}
    summer = {"weekday": "tue", "opens": "09:00", "closes": "18:00", "valid_until": "2027-08-31"}
    winter = {"weekday": "tue", "opens": "10:00", "closes": "18:00", "valid_from": "2027-09-01"}
    answer = cast.desk.post(
        "/locations", samples.location(opening_hours=[morning, afternoon, summer, winter])
    )

    assert answer.status_code == 201


def test_the_zone_can_be_changed_until_somebody_is_booked(cast: Cast) -> None:
    path = f"/locations/{cast.location['id']}"

    assert cast.desk.patch(path, {"timezone": "Europe/Lisbon"}).status_code == 200
    cast.book("2027-02-01T10:00:00Z")
    refused = cast.desk.patch(path, {"timezone": "Europe/London"})
    assert refused.status_code == 409
    assert refused.get_json()["code"] == "in_use"
    assert "timezone" in refused.get_json()["detail"]


def test_ways_are_stated_whole_and_shown_as_they_were_stated(cast: Cast) -> None:
    soho, york = (cast.desk.made("/locations", **samples.location(name=name)) for name in ("Soho", "York"))
    ways = [{"location_id": york["id"], "minutes": 240}, {"location_id": soho["id"], "minutes": 0}]
    made = cast.desk.made("/locations", **samples.location(name="New", travel_minutes=ways))
    changed = cast.desk.patch(f"/locations/{made['id']}", {"travel_minutes": ways[:1]}).get_json()

    assert (made["travel_minutes"], changed["travel_minutes"]) == (ways, ways[:1])
    assert cast.desk.get(f"/locations/{york['id']}").get_json()["travel_minutes"] == []
    assert cast.desk.delete(f"/locations/{york['id']}").status_code == 204
    assert cast.desk.get(f"/locations/{made['id']}").get_json()["travel_minutes"] == []


@pytest.mark.parametrize(
    ("minutes", "pointer"),
    [
        (-5, "/travel_minutes/0/minutes"),
        (7, "/travel_minutes/0/minutes"),
        (1445, "/travel_minutes/0/minutes"),
        ("30", "/travel_minutes/0/minutes"),
        (None, "/travel_minutes/0/minutes"),
    ],
)
def test_a_way_takes_whole_five_minutes_up_to_a_day(cast: Cast, minutes: object, pointer: str) -> None:
    soho = cast.desk.made("/locations", **samples.location(name="Soho"))
    ways = [{"location_id": soho["id"], "minutes": minutes}]
    answers = [
        cast.desk.post("/locations", samples.location(travel_minutes=ways)),
        cast.desk.patch(f"/locations/{cast.location['id']}", {"travel_minutes": ways}),
    ]

    assert [pointers(one) for one in answers] == [[pointer]] * 2


def test_a_way_leads_to_each_other_location_of_the_clinic_once(
    cast: Cast, make_cast: Callable[[], Cast], desk_with: Callable[..., Desk]
) -> None:
    soho = cast.desk.made("/locations", **samples.location(name="Soho"))
    path, own = f"/locations/{cast.location['id']}", cast.location["id"]
    limited = desk_with(cast, "catalog:write", location_ids=[own])

    def refused(desk: Desk, *ids: str) -> list[str]:
        ways = [{"location_id": id_, "minutes": 30} for id_ in ids]
        return pointers(desk.patch(path, {"travel_minutes": ways}))

    assert refused(cast.desk, own) == ["/travel_minutes/0/location_id"]
    assert refused(cast.desk, soho["id"], UNKNOWN_ID) == ["/travel_minutes/1/location_id"]
    assert refused(cast.desk, make_cast().location["id"]) == ["/travel_minutes/0/location_id"]
    assert refused(cast.desk, soho["id"], soho["id"]) == ["/travel_minutes/1/location_id"]
    assert refused(limited, soho["id"]) == ["/travel_minutes/0/location_id"]
    assert cast.desk.get(path).get_json()["version"] == 1


def test_a_key_of_one_location_keeps_ways_to_others_that_it_does_not_see(
    cast: Cast, desk_with: Callable[..., Desk]
) -> None:
    soho = cast.desk.made("/locations", **samples.location(name="Soho"))
    path, ways = f"/locations/{cast.location['id']}", [{"location_id": soho["id"], "minutes": 30}]
    cast.desk.patch(path, {"travel_minutes": ways})
    limited = desk_with(cast, "catalog:write", location_ids=[cast.location["id"]])
    longer = [ways[0] | {"minutes": 45}]

    assert limited.patch(path, {"name": "Greek Street"}).get_json()["travel_minutes"] == ways
    assert limited.patch(path, {"travel_minutes": longer}).get_json()["code"] == "other_locations"
    assert limited.patch(path, {"travel_minutes": []}).get_json()["code"] == "other_locations"


def test_a_location_in_use_cannot_be_deleted_but_retired(cast: Cast) -> None:
    path = f"/locations/{cast.location['id']}"

    assert cast.desk.delete(path).get_json()["code"] == "in_use"
    assert cast.desk.patch(path, {"active": False}).get_json()["active"] is False
    assert cast.desk.get("/locations", active="true").get_json()["items"] == []
    assert len(cast.desk.get("/locations", active="false").get_json()["items"]) == 1


def test_a_closure_is_shown_by_its_locations_clock(cast: Cast) -> None:
    path = f"/locations/{cast.location['id']}/closures"
    times = {"starts_at": "2027-07-01T10:00:00Z", "ends_at": "2027-11-01T10:00:00Z"}
    made = cast.desk.made(path, **samples.closure(**times))

    assert made["starts_at"] == "2027-07-01T11:00:00+01:00"
    assert made["ends_at"] == "2027-11-01T10:00:00+00:00"


def test_a_closure_is_found_below_its_own_location_only(cast: Cast) -> None:
    made = cast.desk.made(f"/locations/{cast.location['id']}/closures", **samples.closure())
    other = cast.desk.made("/locations", **samples.location(name="Other"))
    path = f"/locations/{other['id']}/closures"

    assert cast.desk.get(f"{path}/{made['id']}").status_code == 404
    assert cast.desk.get(path).get_json()["items"] == []
    assert cast.desk.get(f"/locations/{made['id']}/closures").status_code == 404


def test_a_key_of_one_location_sees_no_other(cast: Cast, desk_with: Callable[..., Desk]) -> None:
    other = cast.desk.made("/locations", **samples.location(name="Other"))
    hidden = cast.desk.made("/rooms", **samples.room(other["id"]))
    blocked = cast.desk.made("/blocks", **samples.block(hidden["id"]))
    mine = cast.desk.made("/blocks", **samples.block(cast.therapist["id"]))
    key = desk_with(cast, "catalog:write", location_ids=[cast.location["id"]])

    assert [one["id"] for one in key.get("/locations").get_json()["items"]] == [cast.location["id"]]
    assert [one["id"] for one in key.get("/rooms").get_json()["items"]] == [cast.room["id"]]
    assert key.get(f"/locations/{other['id']}").status_code == 404
    assert key.get(f"/locations/{other['id']}/closures").status_code == 404
    assert key.get(f"/rooms/{hidden['id']}").status_code == 404
    assert key.post("/rooms", samples.room(other["id"])).status_code == 404
    assert key.post("/blocks", samples.block(hidden["id"])).status_code == 404
    assert key.get(f"/blocks/{blocked['id']}").status_code == 404
    assert [one["id"] for one in key.get("/blocks").get_json()["items"]] == [mine["id"]]
    assert key.post("/locations", samples.location()).status_code == 403
