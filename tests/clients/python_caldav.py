"""A program on the `caldav` library that discovers, reads, follows, writes and deletes, and prints JSON."""

import json
import os
import sys
from datetime import UTC, datetime

import caldav
from caldav.lib import error

BUSY = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:dentist
DTSTAMP:20270101T000000Z
DTSTART:20270105T{hour}0000Z
DTEND:20270105T{hour}3000Z
SUMMARY:Dentist
END:VEVENT
END:VCALENDAR
"""
DAY = {"start": datetime(2027, 1, 5, tzinfo=UTC), "end": datetime(2027, 1, 6, tzinfo=UTC)}

told = {}
with caldav.DAVClient(
    url=os.environ["DAV_URL"], username=os.environ["DAV_USER"], password=os.environ["DAV_PASSWORD"]
) as client:
    calendars = {one.get_display_name(): one for one in client.principal().get_calendars()}
    told["calendars"] = sorted(calendars)
    visits, busy = calendars["Appointments"], calendars["Busy"]
    found = visits.search(event=True, **DAY)
    told["visits"] = [one.icalendar_component["DTSTART"].dt.isoformat() for one in found]
    told["not that day"] = len(
        visits.search(
            event=True, start=datetime(2027, 1, 6, tzinfo=UTC), end=datetime(2027, 1, 7, tzinfo=UTC)
        )
    )
    following = busy.get_objects_by_sync_token()
    told["at first"] = len(list(following))
    made = busy.save_event(BUSY.format(hour="14"))
    updated, deleted = following.sync()
    told["came"] = [len(list(updated)), len(list(deleted))]
    told["by uid"] = busy.get_event_by_uid("dentist").icalendar_component["SUMMARY"]
    made.data = BUSY.format(hour="15")
    made.save()
    updated, deleted = following.sync()
    told["changed"] = [len(list(updated)), len(list(deleted))]
    told["busy"] = "20270105T150000Z/20270105T153000Z" in busy.freebusy_request(**DAY).data
    made.delete()
    updated, deleted = following.sync()
    told["went"] = [len(list(updated)), len(list(deleted))]
    try:
        visits.save_event(BUSY.format(hour="16"))
    except error.DAVError as refused:
        told["refused"] = type(refused).__name__
sys.stdout.write(json.dumps(told))
