"""The contract with the database: its tables and constraints, and the way to connect to it."""

from models.api_keys import ApiKey
from models.app_passwords import AppPassword
from models.appointments import Appointment, AppointmentPhase, AppointmentStep, Occupancy, SpacingClaim
from models.base import Base
from models.booking_tokens import BookingCode, BookingToken
from models.calendar_feeds import CalendarFeed
from models.calendar_properties import CalendarProperty
from models.changes import Change
from models.clinics import CatalogVersion, Clinic
from models.courses import Course, CourseTemplate
from models.events import AuditEntry, Event, PatientRead
from models.external_calendars import BusyDeletion, BusyObject, ExternalBusy, ExternalCalendar
from models.hold_rules import HoldRule
from models.idempotency_keys import IdempotencyKey
from models.locations import Closure, Location, OpeningHours, TravelTime
from models.medical_holds import MedicalHold
from models.messages import MessageDispatch, MessageTemplate
from models.patients import Patient
from models.procedures import Phase, Procedure, SpacingRule
from models.resources import Block, Device, Qualification, Resource, Room, Therapist, WorkingHours
from models.special_hours import (
    SpecialOpeningDay,
    SpecialOpeningPeriod,
    SpecialWorkingDay,
    SpecialWorkingPeriod,
)
from models.treatments import ExternalTreatment
from models.waitlist import WaitlistEntry
from models.webhooks import WebhookDelivery, WebhookEndpoint

__all__ = [
    "ApiKey", "AppPassword", "Appointment", "AppointmentPhase", "AppointmentStep", "AuditEntry", "Base",
    "Block", "BookingCode", "BookingToken",
    "BusyDeletion", "BusyObject", "CalendarFeed", "CalendarProperty", "CatalogVersion", "Change",
    "Clinic", "Closure", "Course", "CourseTemplate", "Device", "Event", "ExternalBusy",
    "ExternalCalendar", "ExternalTreatment",
    "HoldRule", "IdempotencyKey", "Location", "MedicalHold", "MessageDispatch", "MessageTemplate",
    "Occupancy", "OpeningHours", "Patient", "PatientRead", "Phase", "Procedure", "Qualification",
    "Resource", "Room",
    "SpacingClaim", "SpacingRule", "SpecialOpeningDay", "SpecialOpeningPeriod", "SpecialWorkingDay",
    "SpecialWorkingPeriod", "Therapist", "TravelTime", "WaitlistEntry", "WebhookDelivery",
    "WebhookEndpoint", "WorkingHours",
]  # fmt: skip
