"""A delivery is signed, made by one worker at a time, repeated by a schedule, and never ahead of the feed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from booking.core.caller import Caller
from jobs.webhooks import Post, deliver
from models import WebhookDelivery, WebhookEndpoint
from models.database import Database
from sync.webhooks.deliveries import KEPT, forget_deliveries
from sync.webhooks.leases import AT_ONCE, LEASE, Nothing, take
from sync.webhooks.outcomes import GIVEN_UP, Outcome, note
from sync.webhooks.payloads import Parcel
from sync.webhooks.retries import JITTER, PAUSES
from tests.support.cast import Clinic, Made, audit_entries, instant
from tests.support.desk import Desk
from tests.support.processes import wait_until
from tests.sync.hooks import BOOKED, TEN, Office
from tests.sync.receivers import Receiver, answering

Start = Callable[..., Receiver]


def outcomes(delivery: Made) -> list[int | str]:
    """Give the outcomes of a delivery's attempts."""
    return [one["code"] if one["status"] is None else one["status"] for one in delivery["attempts"]]


def pinged(office: Office, hook: Made) -> Made:
    """Queue a ping, and give its delivery."""
    answer = office.clinic.desk.post(f"/webhooks/{hook['id']}/ping")
    assert answer.status_code == 202, answer.text
    made: Made = answer.get_json()
    return made


def test_a_booking_arrives_signed_and_thin(office: Office, receiver: Start) -> None:
    there = receiver()
    hook = office.hook(there.url)
    visit = office.clinic.booked("2027-04-03T10:00:00+01:00", notes="Hates the smell of the cream")
    (delivery,) = office.deliver(hook)
    (call,) = there.calls
    told = call.verify(hook["secret"])
    names = ("id", "version", "status", "location_id", "procedure_id", "therapist_id", "starts_at", "ends_at")

    assert told == {
        "type": "appointment.booked",
        "timestamp": "2027-01-04T08:00:00+00:00",
        "data": {name: visit[name] for name in names},
    }
    used = office.clinic.desk.get(f"/webhooks/{hook['id']}").get_json()
    assert (hook["last_used_at"], used["last_used_at"] is None, used["version"]) == (None, False, 1)
    assert told["data"]["starts_at"] == "2027-04-03T10:00:00+01:00"
    assert (delivery["status"], outcomes(delivery), delivery["next_attempt_at"]) == ("delivered", [204], None)
    assert delivery["event_id"] == call.id


def test_what_was_not_asked_for_is_not_sent(office: Office, receiver: Start) -> None:
    there = receiver()
    hook = office.hook(there.url, ["hold.created"])
    office.clinic.booked(TEN)

    assert office.deliver(hook) == []
    assert there.calls == []


def test_an_event_of_another_clinic_is_not_sent(
    office: Office, receiver: Start, make_clinic: Callable[..., Desk]
) -> None:
    there, other = receiver(), make_clinic()
    hook = other.made("/webhooks", url=there.url, events=list(BOOKED))
    office.clinic.booked(TEN)

    assert other.get(f"/webhooks/{hook['id']}/deliveries").get_json()["items"] == []


def test_a_booking_that_is_refused_puts_nothing_in_line(office: Office, receiver: Start) -> None:
    hook = office.hook(receiver().url)
    office.clinic.booked(TEN)
    office.clinic.book(TEN)

    assert len(office.deliveries(hook)) == 1


def test_an_attempt_that_failed_is_made_again_by_the_schedule_under_the_same_id(
    office: Office, receiver: Start
) -> None:
    there = receiver(answering(500))
    hook = office.hook(there.url)
    office.clinic.booked(TEN)
    for tries, pause in enumerate(PAUSES, 1):
        (delivery,) = office.deliver(hook)
        waits = instant(delivery["next_attempt_at"]) - instant(delivery["attempts"][-1]["at"])

        assert len(there.calls) == tries
        assert pause <= waits <= pause * (1 + JITTER)
        office.ahead = instant(delivery["next_attempt_at"]) - datetime.now(UTC) - timedelta(seconds=2)
        assert office.overdue() == 0
        office.deliver(hook)
        assert len(there.calls) == tries
        office.ahead += timedelta(seconds=2)
        assert office.overdue() == 1
    (delivery,) = office.deliver(hook)

    assert (delivery["status"], delivery["next_attempt_at"]) == ("failed", None)
    assert outcomes(delivery) == [500] * 10
    assert len({call.id for call in there.calls}) == 1
    assert len({call.headers["webhook-signature"] for call in there.calls}) == 10


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_every_2xx_counts_as_taken(office: Office, receiver: Start, status: int) -> None:
    hook = office.hook(receiver(answering(status)).url)
    pinged(office, hook)

    assert [one["status"] for one in office.deliver(hook)] == ["delivered"]


@pytest.mark.parametrize("status", [302, 404, 501])
def test_everything_else_does_not_and_no_redirect_is_followed(
    office: Office, receiver: Start, status: int
) -> None:
    elsewhere = receiver()
    hook = office.hook(receiver(answering(status, location=elsewhere.url)).url)
    pinged(office, hook)
    (delivery,) = office.deliver(hook)

    assert (delivery["status"], outcomes(delivery)) == ("pending", [status])
    assert elsewhere.calls == []


def test_nobody_there_is_a_failed_attempt(office: Office) -> None:
    hook = office.hook("http://127.0.0.1:9/hook")
    pinged(office, hook)

    assert outcomes(office.deliver(hook)[0]) == ["connection"]


def test_an_address_that_is_forbidden_by_the_time_of_delivery_is_a_failed_attempt(
    office: Office, receiver: Start
) -> None:
    there = receiver()
    hook = office.hook(there.url)
    pinged(office, hook)
    strict = Post(office.database, office.now, allow_loopback=False)
    deliver(strict, office.clinic.desk.clinic_id, UUID(hook["id"]))
    (delivery,) = office.deliveries(hook)

    assert (delivery["status"], outcomes(delivery)) == ("pending", ["forbidden_address"])
    assert there.calls == []


def test_410_disables_the_webhook_until_it_is_taken_up_again(
    office: Office, receiver: Start, database: Database
) -> None:
    there = receiver(answering(410, 204))
    hook = office.hook(there.url)
    visits = [office.clinic.booked(f"2027-03-01T1{hour}:00:00Z") for hour in (0, 2)]
    first, second = office.deliver(hook)
    disabled = office.shown(hook)
    office.clinic.booked("2027-03-01T14:00:00Z")
    refused = [
        office.clinic.desk.post(f"/webhooks/{hook['id']}{path}")
        for path in ("/ping", f"/deliveries/{first['id']}/redeliver")
    ]
    (entry,) = audit_entries(database, office.clinic.desk, "webhook.disabled")
    active = office.clinic.desk.patch(f"/webhooks/{hook['id']}", {"active": True}).get_json()
    after = office.deliver(hook)

    assert [one["status"] for one in (first, second)] == ["failed", "pending"]
    assert (disabled["active"], disabled["disabled"]["reason"]) == (False, "gone")
    assert disabled["version"] == hook["version"] + 1
    assert [one.get_json()["code"] for one in refused] == ["wrong_status"] * 2
    assert entry.changes == {"reason": "gone"}
    assert (active["active"], active["disabled"]) == (True, None)
    # Bookings made meanwhile have no delivery; earlier deliveries go on.
    assert [one["status"] for one in after] == ["failed", "delivered"]
    assert [call.message["data"]["id"] for call in there.calls] == [visit["id"] for visit in visits]


@pytest.mark.parametrize(("seconds", "reason"), [(-60, None), (0, "failing"), (60, "failing")])
def test_a_webhook_at_which_nothing_arrives_for_five_days_is_disabled(
    office: Office, receiver: Start, seconds: int, reason: str | None
) -> None:
    hook = office.hook(receiver(answering(500)).url)
    pinged(office, hook)
    office.deliver(hook)
    since = _endpoint(office, hook).failing_since
    assert since is not None
    now = since + GIVEN_UP + timedelta(seconds=seconds)
    post = Post(office.database, lambda: now, allow_loopback=True)
    deliver(post, office.clinic.desk.clinic_id, UUID(hook["id"]))
    shown = office.shown(hook)

    assert (shown["disabled"] and shown["disabled"]["reason"], shown["active"]) == (reason, reason is None)


def test_one_success_makes_a_webhook_count_as_well(office: Office, receiver: Start) -> None:
    hook = office.hook(receiver(answering(500, 204)).url)
    pinged(office, hook)
    office.deliver(hook)
    assert _endpoint(office, hook).failing_since is not None
    pinged(office, hook)
    office.deliver(hook)

    assert _endpoint(office, hook).failing_since is None
    assert office.shown(hook)["version"] == hook["version"]


@pytest.mark.parametrize(("status", "waits"), [(429, 90), (503, 90), (500, 5)])
def test_a_receiver_that_asks_for_time_is_left_alone_for_so_long(
    office: Office, receiver: Start, status: int, waits: int
) -> None:
    there = receiver(answering(status, 204, retry_after="90"))
    hook = office.hook(there.url)
    pinged(office, hook)
    (delivery,) = office.deliver(hook)
    pinged(office, hook)
    office.deliver(hook)
    waited = instant(delivery["next_attempt_at"]) - instant(delivery["attempts"][0]["at"])

    assert timedelta(seconds=waits) <= waited <= timedelta(seconds=waits * (1 + JITTER))
    # The other message waits as well when the receiver asked for the pause.
    assert len(there.calls) == (1 if waits == 90 else 2)


def test_for_a_day_the_old_secret_signs_beside_the_new_one(office: Office, receiver: Start) -> None:
    there = receiver()
    hook = office.hook(there.url)
    fresh = office.clinic.desk.post(f"/webhooks/{hook['id']}/rotate-secret")
    for office.ahead in (timedelta(), timedelta(hours=23, minutes=59), timedelta(hours=24, minutes=1)):
        pinged(office, hook)
        office.deliver(hook)
    first, second, third = (call.headers["webhook-signature"].split(" ") for call in there.calls)

    assert fresh.headers["Cache-Control"] == "no-store"
    assert [len(one) for one in (first, second, third)] == [2, 2, 1]
    for secret in (hook["secret"], fresh.get_json()["secret"]):
        assert there.calls[0].verify(secret)["type"] == "ping"


def test_a_ping_arrives_whatever_was_asked_for(office: Office, receiver: Start) -> None:
    there = receiver()
    hook = office.hook(there.url, ["course.lapsed"])
    made = pinged(office, hook)
    (delivery,) = office.deliver(hook)

    assert (made["status"], made["type"], made["event_id"]) == ("pending", "ping", None)
    assert delivery["id"] == made["id"] == there.calls[0].id
    assert there.calls[0].verify(hook["secret"])["data"] == {"webhook_id": hook["id"]}


@pytest.mark.parametrize("path", ["/webhooks/{hook}/deliveries/{id}/redeliver", "/deliveries/{id}/redeliver"])
def test_a_delivery_can_be_made_again_with_the_same_id(office: Office, receiver: Start, path: str) -> None:
    there = receiver()
    hook = office.hook(there.url)
    office.clinic.booked(TEN)
    (delivery,) = office.deliver(hook)
    again = office.clinic.desk.post(path.format(hook=hook["id"], id=delivery["id"]))
    (after,) = office.deliver(hook)

    assert (again.status_code, again.get_json()["status"]) == (202, "pending")
    assert (after["status"], outcomes(after)) == ("delivered", [204, 204])
    assert len({call.id for call in there.calls}) == 1


def test_deliveries_are_listed_page_by_page_and_by_status(office: Office, receiver: Start) -> None:
    hook = office.hook(receiver(answering(204, 500)).url)
    path = f"/webhooks/{hook['id']}/deliveries"
    made = [pinged(office, hook)["id"] for _ in range(3)]
    office.deliver(hook)
    first = office.clinic.desk.get(path, limit=2).get_json()
    rest = office.clinic.desk.get(path, limit=2, cursor=first["next_cursor"]).get_json()
    pending = office.clinic.desk.get(path, status="pending").get_json()["items"]

    assert [one["id"] for one in first["items"] + rest["items"]] == made
    assert rest["next_cursor"] is None
    assert [one["id"] for one in pending] == made[1:]


def test_deliveries_are_forgotten_after_a_month(office: Office, receiver: Start, database: Database) -> None:
    hook = office.hook(receiver().url)
    pinged(office, hook)
    (delivery,) = office.deliveries(hook)
    forgotten = []
    for late in (-1, 1):
        with database.transaction(office.clinic.desk.clinic_id) as session:
            now = instant(delivery["created_at"]) + KEPT + timedelta(seconds=late)
            forgotten.append(forget_deliveries(Caller(session, office.clinic.desk.clinic_id, now)))

    assert forgotten == [0, 1]
    assert office.deliveries(hook) == []


def test_of_all_who_claim_one_delivery_at_once_one_gets_it(office: Office) -> None:
    hook = office.hook("https://example.org/hook")
    pinged(office, hook)
    barrier = Barrier(8)

    def claim(_: int) -> Parcel | Nothing:
        barrier.wait()
        with office.database.transaction(office.clinic.desk.clinic_id) as session:
            return take(office.caller(session), UUID(hook["id"]))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(claim, range(8)))

    assert sum(isinstance(one, Parcel) for one in found) == 1


def test_no_more_deliveries_are_made_at_a_time_than_one_endpoint_may_hold(office: Office) -> None:
    hook = office.hook("https://example.org/hook")
    for _ in range(AT_ONCE + 1):
        pinged(office, hook)
    held = [_take(office, hook) for _ in range(AT_ONCE + 1)]

    assert [isinstance(one, Parcel) for one in held] == [True] * AT_ONCE + [False]
    assert len({one.delivery_id for one in held if isinstance(one, Parcel)}) == AT_ONCE


def test_a_delivery_whose_maker_is_lost_is_made_again_when_the_lease_is_over(
    office: Office, receiver: Start
) -> None:
    there = receiver()
    hook = office.hook(there.url)
    pinged(office, hook)
    lost = _take(office, hook)
    assert isinstance(lost, Parcel)
    for office.ahead, made in ((LEASE - timedelta(seconds=5), 0), (LEASE + timedelta(seconds=1), 1)):
        assert office.overdue() == made
        office.deliver(hook)
        assert len(there.calls) == made
    # The lost worker comes back: it may no longer write the delivery's outcome.
    with office.database.transaction(office.clinic.desk.clinic_id) as session:
        note(office.caller(session), lost, Outcome(code="timeout"))

    assert outcomes(office.deliveries(hook)[0]) == [204]


def test_an_endpoint_that_lets_time_run_out_rests_and_gets_one_delivery_at_a_time(office: Office) -> None:
    hook = office.hook("https://example.org/hook")
    for _ in range(3):
        pinged(office, hook)
    rests = []
    for _ in range(3):
        parcel = _take(office, hook)
        assert isinstance(parcel, Parcel)
        with office.database.transaction(office.clinic.desk.clinic_id) as session:
            note(office.caller(session), parcel, Outcome(code="timeout"))
        rests.append((_endpoint(office, hook).resting_until or office.now()) - office.now())
        assert isinstance(_take(office, hook), Nothing)
        office.ahead += rests[-1] + timedelta(milliseconds=100)
    found = [_take(office, hook), _take(office, hook)]

    assert [round(rest.total_seconds()) for rest in rests] == [5, 10, 20]
    assert [isinstance(one, Parcel) for one in found] == [True, False]


def test_nothing_is_sent_before_the_change_feed_can_show_it(office: Office, receiver: Start) -> None:
    there = receiver()
    hook = office.hook(there.url)
    with office.database.transaction() as other:
        other.execute(text("SELECT pg_current_xact_id()"))
        office.clinic.booked(TEN)
        post = Post(office.database, office.now, allow_loopback=True)
        deliver(post, office.clinic.desk.clinic_id, UUID(hook["id"]))
        (waiting,) = office.deliveries(hook)
        calls = len(there.calls)
    (delivery,) = office.deliver(hook)

    assert (calls, waiting["status"], waiting["attempts"]) == (0, "pending", [])
    assert (len(there.calls), outcomes(delivery)) == (1, [204])


def test_no_transaction_is_open_while_a_receiver_answers(
    office: Office, receiver: Start, database: Database
) -> None:
    there = receiver()
    there.manners = there.hang
    hook = office.hook(there.url)
    pinged(office, hook)
    one_connection = Database(database.url, pool_size=1)
    post = Post(one_connection, office.now, allow_loopback=True)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(deliver, post, office.clinic.desk.clinic_id, UUID(hook["id"]))
        wait_until(lambda: bool(there.calls))
        with one_connection.transaction(office.clinic.desk.clinic_id) as session:
            # The row is not locked, so it can be updated at once.
            own = (WebhookEndpoint.id == UUID(hook["id"]),)
            session.execute(update(WebhookEndpoint).where(*own).values(description="Free"))
        there.leaving.set()
        running.result(20)
    one_connection.close()

    assert [one["status"] for one in office.deliveries(hook)] == ["delivered"]


def test_a_webhook_that_is_deleted_while_it_is_called_is_gone(office: Office) -> None:
    hook = office.hook("https://example.org/hook")
    pinged(office, hook)
    parcel = _take(office, hook)
    assert isinstance(parcel, Parcel)
    office.clinic.desk.delete(f"/webhooks/{hook['id']}")
    with office.database.transaction(office.clinic.desk.clinic_id) as session:
        note(office.caller(session), parcel, Outcome(status=204))
        left = session.scalars(select(WebhookDelivery.id)).all()

    assert left == []


def test_bookings_go_on_while_their_webhook_is_deleted(clinic: Clinic) -> None:
    hooks = [
        clinic.desk.made("/webhooks", url="https://example.org/", events=["hold.created"])["id"]
        for _ in range(12)
    ]
    barrier = Barrier(2)

    def delete() -> list[int]:
        barrier.wait()
        return [clinic.desk.delete(f"/webhooks/{one}").status_code for one in hooks]

    def hold() -> list[int]:
        barrier.wait()
        return [clinic.hold(f"2027-03-{day:02}T10:00:00Z").status_code for day in range(1, 13)]

    with ThreadPoolExecutor(2) as pool:
        deleted, held = pool.submit(delete), pool.submit(hold)

    assert (set(deleted.result()), set(held.result())) == ({204}, {201})


def _take(office: Office, hook: Made) -> Parcel | Nothing:
    with office.database.transaction(office.clinic.desk.clinic_id) as session:
        return take(office.caller(session), UUID(hook["id"]))


def _endpoint(office: Office, hook: Made) -> WebhookEndpoint:
    with office.database.transaction(office.clinic.desk.clinic_id) as session:
        found = session.get_one(WebhookEndpoint, (office.clinic.desk.clinic_id, UUID(hook["id"])))
        session.expunge(found)
        return found
