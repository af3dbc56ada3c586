"""Defines the tasks of the background queue, and when they recur."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from procrastinate import App, PsycopgConnector, RetryStrategy

from booking.appointments.visit_links import LinkWriter
from booking.core.calendar_queue import EXPAND, FETCH
from booking.core.calendar_queue import QUEUE as CALENDARS
from booking.core.webhook_queue import TASK as DELIVER
from booking.online.codes import TASK as CODE
from booking.waitlist.suitable_times import Freed
from config import MailServer
from jobs.calendars import expand_busy, fetch_calendar
from jobs.codes import Sending, send_code
from jobs.mail import send_due_mail
from jobs.offers import offer_freed
from jobs.rounds import do_minutes_work, do_nights_work
from jobs.webhooks import Post, deliver
from models.database import Database

CONCURRENCY: Final = 4
CALENDARS_AT_ONCE: Final = 32
"""How many calendars a worker fetches at a time, beside its other work."""
DELIVERIES_AT_ONCE: Final = 40
"""How many webhooks a worker delivers at a time, beside its other work."""
# A worker keeps a connection for each of its three queues, to hear of new jobs, and takes more now and then.
_CONNECTIONS: Final = CONCURRENCY + 5
_EACH_MINUTE: Final = "* * * * *"
_EACH_FIVE_MINUTES: Final = "*/5 * * * *"
_EACH_HOUR: Final = "0 * * * *"
_KEPT_HOURS: Final = 48
# No round looks for time that was freed, so an offer that fails is tried again by its own job.
# A code that cannot be handed over is tried again while its patient waits for it.
_CODES_AGAIN: Final = RetryStrategy(max_attempts=6, exponential_wait=2)
_OFFERED_AGAIN: Final = RetryStrategy(max_attempts=5, wait=2)


def make_queue(
    database: Database,
    clock: Callable[[], datetime],
    sending: Sending | None = None,
    *,
    allow_loopback: bool = False,
) -> App:
    """Make the queue with every task that the product has; `clock` gives the present instant, aware.

    Without a mail server no task sends messages: they are left to the clinic's own gateway.
    Webhooks are delivered to this machine, and calendars fetched from it, only with `allow_loopback`.

    A recurring task waits at most once. The work of a killed worker is not lost: it is started again once
    the worker's heartbeat has been missing for half a minute.
    """
    options = {"options": database.options}
    connector = PsycopgConnector(conninfo=database.url, min_size=1, max_size=_CONNECTIONS, kwargs=options)
    queue = App(connector=connector)

    @queue.periodic(cron=_EACH_MINUTE, queueing_lock="minute")
    @queue.task(name="minute")
    def minute(timestamp: int) -> None:  # noqa: ARG001 - the library's own argument
        do_minutes_work(database, clock())

    @queue.periodic(cron=_EACH_FIVE_MINUTES, queueing_lock="night")
    @queue.task(name="night")
    def night(timestamp: int) -> None:  # noqa: ARG001 - see above
        do_nights_work(database, clock())

    if sending is not None:
        _add_sending(queue, database, clock, sending)

    @queue.periodic(cron=_EACH_MINUTE, queueing_lock="stalled")
    @queue.task(name="stalled")
    async def stalled(timestamp: int) -> None:  # noqa: ARG001 - see above
        for job in await queue.job_manager.get_stalled_jobs():
            await queue.job_manager.retry_job(job)

    @queue.periodic(cron=_EACH_HOUR, queueing_lock="finished")
    @queue.task(name="finished")
    async def finished(timestamp: int) -> None:  # noqa: ARG001 - see above
        await queue.job_manager.delete_old_jobs(nb_hours=_KEPT_HOURS)

    @queue.task(name="offer", retry=_OFFERED_AGAIN)
    def offer(clinic_id: str, location_id: str, first: int, until: int, ahead_seconds: int) -> None:
        real_now = clock()
        now = real_now + timedelta(seconds=ahead_seconds)
        offer_freed(database, UUID(clinic_id), Freed(UUID(location_id), first, until), now, real_now)

    post = Post(database, clock, allow_loopback=allow_loopback)

    @queue.task(name=DELIVER)
    def deliver_webhooks(clinic_id: str, endpoint_id: str) -> None:
        deliver(post, UUID(clinic_id), UUID(endpoint_id))

    _add_calendars(queue, database, clock, allow_loopback)
    return queue


def _add_calendars(
    queue: App, database: Database, clock: Callable[[], datetime], allow_loopback: bool
) -> None:
    @queue.task(name=FETCH, queue=CALENDARS)
    def calendar(clinic_id: str, calendar_id: str) -> None:
        fetch_calendar(database, UUID(clinic_id), UUID(calendar_id), clock, allow_loopback=allow_loopback)

    @queue.task(name=EXPAND, queue=CALENDARS)
    def busy(clinic_id: str, therapist_id: str) -> None:
        expand_busy(database, UUID(clinic_id), UUID(therapist_id), clock)


def _add_sending(queue: App, database: Database, clock: Callable[[], datetime], sending: Sending) -> None:
    @queue.task(name=CODE, retry=_CODES_AGAIN)
    def code(clinic_id: str, code_id: str) -> None:
        send_code(database, UUID(clinic_id), UUID(code_id), clock, sending)

    if sending.mail is not None:
        _add_mail(queue, database, clock, sending.mail, LinkWriter(sending.sealer, sending.address))


def _add_mail(
    queue: App, database: Database, clock: Callable[[], datetime], mail: MailServer, links: LinkWriter
) -> None:
    @queue.periodic(cron=_EACH_MINUTE, queueing_lock="mail")
    @queue.task(name="mail")
    def send_mail(timestamp: int) -> None:  # noqa: ARG001 - see above
        send_due_mail(database, mail, clock, links)
