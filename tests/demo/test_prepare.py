"""The demo clinic is made once, and each procedure of its catalogue can be booked."""

from jobs import demo, demo_card
from tests.demo.conftest import MADE_AT, DemoClinic


def test_preparing_again_gives_the_same_clinic(fresh: DemoClinic) -> None:
    again = demo.prepare(fresh.database, fresh.settings, MADE_AT)

    assert again == fresh.card


def test_a_card_of_another_database_is_replaced(fresh: DemoClinic) -> None:
    (fresh.settings.data_dir / "demo.json").write_text("{}")
    again = demo.prepare(fresh.database, fresh.settings, MADE_AT)

    assert again.clinic_id != fresh.card.clinic_id
    assert demo_card.load(fresh.settings) == again


def test_the_three_locations_lie_in_three_time_zones(fresh: DemoClinic) -> None:
    found = fresh.rows("SELECT timezone FROM locations WHERE active ORDER BY timezone")

    assert [row.timezone for row in found] == ["America/New_York", "Europe/Lisbon", "Europe/London"]


def test_each_location_has_size_m(fresh: DemoClinic) -> None:
    found = fresh.rows(
        """
        SELECT (SELECT count(*) FROM rooms r WHERE r.location_id = l.id AND kind = 'treatment') AS treatment,
               (SELECT sum(capacity) FROM rooms r WHERE r.location_id = l.id AND kind = 'numbing') AS bays,
               (SELECT count(DISTINCT therapist_id) FROM working_hours w WHERE w.location_id = l.id) AS staff
        FROM locations l WHERE active
        """
    )

    assert [tuple(row) for row in found] == [(3, 3, 6)] * 3


def test_some_certificates_expire_within_the_three_months(fresh: DemoClinic) -> None:
    found = fresh.rows(
        "SELECT code FROM qualifications WHERE abs(valid_until - cast(:made AS date)) < 31 ORDER BY code",
        made=MADE_AT.date(),
    )

    assert [row.code for row in found] == ["BBP", "MN_SUP"]
