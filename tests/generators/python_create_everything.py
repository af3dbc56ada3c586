"""A program on openapi-python-client's client that creates an object of every kind, and prints JSON."""

import json
import os
import sys
from datetime import date, datetime
from typing import TypeVar

from clinic_client import AuthenticatedClient
from clinic_client.api.api_keys import create_api_key
from clinic_client.api.app_passwords import create_app_password
from clinic_client.api.appointments import (
    create_appointment,
    create_appointment_link,
    create_appointments_together,
)
from clinic_client.api.blocks import create_block
from clinic_client.api.calendar_feeds import create_calendar_feed
from clinic_client.api.closures import create_closure
from clinic_client.api.course_templates import create_course_template
from clinic_client.api.courses import create_course
from clinic_client.api.devices import create_device
from clinic_client.api.external_calendars import create_external_calendar
from clinic_client.api.holds import create_hold
from clinic_client.api.location_special_hours import create_special_opening_day
from clinic_client.api.locations import create_location
from clinic_client.api.medical_holds import create_medical_hold
from clinic_client.api.patients import create_patient
from clinic_client.api.procedures import create_procedure
from clinic_client.api.rooms import create_room
from clinic_client.api.spacing_rules import create_spacing_rule
from clinic_client.api.therapist_special_hours import create_special_working_day
from clinic_client.api.therapists import create_therapist
from clinic_client.api.treatments import create_treatment
from clinic_client.api.waitlist import create_waitlist_entry
from clinic_client.api.webhooks import create_webhook
from clinic_client.models import (
    ApiKeyInput,
    AppPasswordInput,
    Area,
    BlockInput,
    Booking,
    CalendarFeedInput,
    ClosureInput,
    CourseInput,
    CourseTemplateInput,
    DeviceInput,
    EventType,
    ExternalCalendarInput,
    FeedDetail,
    HoldRequest,
    KeyKind,
    LinkRequest,
    LinkRequestActionsItem,
    LocationInput,
    MatcherInput,
    MedicalHoldCode,
    NewMedicalHold,
    OpeningHoursInput,
    PatientInput,
    PhaseInput,
    PhaseKind,
    Problem,
    ProcedureInput,
    RoomInput,
    Scope,
    SpacingRuleInput,
    SpacingRuleInputScope,
    SpecialOpeningDayInput,
    SpecialPeriodInput,
    SpecialWorkingDayInput,
    TherapistInput,
    Together,
    TreatmentEvent,
    TreatmentInput,
    WaitlistEntryInput,
    WantedVisit,
    WebhookInput,
    Weekday,
    WorkingHoursInput,
)

T = TypeVar("T")

client = AuthenticatedClient(
    base_url=os.environ["ADDRESS"], token=os.environ["KEY"], headers={"X-Clinic-Now": os.environ["NOW"]}
)
created: list[str] = []


def made(name: str, answer: T | Problem | None) -> T:
    """Note what was created, and give it."""
    if answer is None or isinstance(answer, Problem):
        raise SystemExit(f"{name}: {answer}")
    created.append(name)
    return answer


def at(text: str) -> datetime:
    """Read an instant."""
    return datetime.fromisoformat(text)


opening = OpeningHoursInput(weekday=Weekday.TUE, opens="09:00", closes="19:00")
location = made(
    "create_location",
    create_location.sync(
        client=client,
        body=LocationInput(name="London", timezone="Europe/London", opening_hours=[opening]),
    ),
)
noon, one = at("2027-01-05T12:00:00+00:00"), at("2027-01-05T13:00:00+00:00")
closed = ClosureInput(starts_at=noon, ends_at=one, reason="Lunch")
made("create_closure", create_closure.sync(location.id, client=client, body=closed))
room = RoomInput(location_id=location.id, name="1", kind="treatment")
made("create_room", create_room.sync(client=client, body=room))
device = DeviceInput(location_id=location.id, name="RF", kind="rf")
made("create_device", create_device.sync(client=client, body=device))
hours = WorkingHoursInput(location_id=location.id, weekday=Weekday.TUE, starts="09:00", ends="19:00")
therapist = made(
    "create_therapist",
    create_therapist.sync(client=client, body=TherapistInput(name="Ada", working_hours=[hours])),
)
saturday, period = date(2027, 1, 9), SpecialPeriodInput(opens="10:00", closes="14:00")
open_day = SpecialOpeningDayInput(on=saturday, periods=[period])
opened = create_special_opening_day.sync(location.id, client=client, body=open_day)
made("create_special_opening_day", opened)
work_day = SpecialWorkingDayInput(location_id=location.id, on=saturday, periods=[period])
working = create_special_working_day.sync(therapist.id, client=client, body=work_day)
made("create_special_working_day", working)
lunch = BlockInput(resource_id=therapist.id, starts_at=noon, ends_at=one, reason="Lunch")
made("create_block", create_block.sync(client=client, body=lunch))
needling = PhaseInput(
    name="Needling", kind=PhaseKind.PROCEDURE, minutes=20, therapist=True, room_kinds=["treatment"]
)
procedure = made(
    "create_procedure",
    create_procedure.sync(
        client=client,
        body=ProcedureInput(code="FACE", name="Face", family="MN", areas=[Area.FACE], phases=[needling]),
    ),
)
rule = SpacingRuleInput(
    code="S99",
    after=MatcherInput(family="MN"),
    before=MatcherInput(family="MN"),
    scope=SpacingRuleInputScope.AREA,
    floor_days=7,
    min_days=14,
)
made("create_spacing_rule", create_spacing_rule.sync(client=client, body=rule))
template = made(
    "create_course_template",
    create_course_template.sync(
        client=client,
        body=CourseTemplateInput(code="FACES", name="Faces", procedure_ids=[procedure.id], sessions=3),
    ),
)
patient = made("create_patient", create_patient.sync(client=client, body=PatientInput(name="Berta")))
waxed = TreatmentInput(event=TreatmentEvent.WAXING, on=date(2026, 1, 4))
made("create_treatment", create_treatment.sync(patient.id, client=client, body=waxed))
over = NewMedicalHold(
    code=MedicalHoldCode.BREASTFEEDING, opened_on=date(2026, 1, 4), resolved_on=date(2026, 2, 4)
)
made("create_medical_hold", create_medical_hold.sync(patient.id, client=client, body=over))
course = CourseInput(patient_id=patient.id, template_id=template.id)
made("create_course", create_course.sync(client=client, body=course))
held = HoldRequest(
    procedure_id=procedure.id, location_id=location.id, starts_at=at("2027-01-05T10:00:00+00:00")
)
made("create_hold", create_hold.sync(client=client, body=held))
visit = Booking(
    patient_id=patient.id,
    procedure_id=procedure.id,
    location_id=location.id,
    starts_at=at("2027-01-05T14:00:00+00:00"),
)
booked = made("create_appointment", create_appointment.sync(client=client, body=visit))
link = LinkRequest(actions=[LinkRequestActionsItem.CONFIRM, LinkRequestActionsItem.CANCEL])
made("create_appointment_link", create_appointment_link.sync(booked.id, client=client, body=link))
wanted = WantedVisit(
    procedure_id=procedure.id, location_id=location.id, starts_at=at("2027-02-02T10:00:00+00:00")
)
made(
    "create_appointments_together",
    create_appointments_together.sync(client=client, body=Together(patient_id=patient.id, visits=[wanted])),
)
entry = WaitlistEntryInput(patient_id=patient.id, procedure_id=procedure.id, location_id=location.id)
made("create_waitlist_entry", create_waitlist_entry.sync(client=client, body=entry))
elsewhere = ExternalCalendarInput(url="https://calendar.example.org/ada.ics")
made("create_external_calendar", create_external_calendar.sync(therapist.id, client=client, body=elsewhere))
hook = WebhookInput(url="https://example.org/hook", events=[EventType.APPOINTMENT_BOOKED])
made("create_webhook", create_webhook.sync(client=client, body=hook))
till = ApiKeyInput(name="Till", kind=KeyKind.SECRET, scopes=[Scope.CATALOGREAD])
made("create_api_key", create_api_key.sync(client=client, body=till))
feed = CalendarFeedInput(resource_id=therapist.id, detail=FeedDetail.BUSY)
made("create_calendar_feed", create_calendar_feed.sync(client=client, body=feed))
phone = AppPasswordInput(therapist_id=therapist.id, name="Phone")
made("create_app_password", create_app_password.sync(client=client, body=phone))
sys.stdout.write(json.dumps(sorted(created)))
