// Creates an object of every kind with the fields that it needs at least, by openapi-typescript's types.
import createClient from "openapi-fetch";
import type { components, operations, paths } from "./openapi-typescript/schema.js";

const { ADDRESS, KEY, NOW } = process.env as Record<string, string>;
const client = createClient<paths>({
  baseUrl: ADDRESS!,
  headers: { Authorization: `Bearer ${KEY}`, "X-Clinic-Now": NOW! },
});

const created: (keyof operations)[] = [];

async function made<T>(
  name: keyof operations,
  asked: Promise<{ data?: T; error?: components["schemas"]["Problem"] }>,
): Promise<T> {
  const { data, error } = await asked;
  if (data === undefined) throw new Error(`${name}: ${JSON.stringify(error)}`);
  created.push(name);
  return data;
}

const location = await made(
  "create_location",
  client.POST("/v1/locations", {
    body: {
      name: "London",
      timezone: "Europe/London",
      opening_hours: [{ weekday: "tue", opens: "09:00", closes: "19:00" }],
    },
  }),
);
const location_id = location.id;
const lunch = { starts_at: "2027-01-05T12:00:00Z", ends_at: "2027-01-05T13:00:00Z", reason: "Lunch" };
await made(
  "create_closure",
  client.POST("/v1/locations/{location_id}/closures", { params: { path: { location_id } }, body: lunch }),
);
await made("create_room", client.POST("/v1/rooms", { body: { location_id, name: "1", kind: "treatment" } }));
await made("create_device", client.POST("/v1/devices", { body: { location_id, name: "RF", kind: "rf" } }));
const therapist = await made(
  "create_therapist",
  client.POST("/v1/therapists", {
    body: {
      name: "Ada",
      working_hours: [{ location_id, weekday: "tue", starts: "09:00", ends: "19:00" }],
      qualifications: [{ code: "BBP", max_depth_mm: { FACE: 1.5 } }],
    },
  }),
);
const day = { on: "2027-01-09", periods: [{ opens: "10:00", closes: "14:00" }] };
await made(
  "create_special_opening_day",
  client.POST("/v1/locations/{location_id}/special-hours", { params: { path: { location_id } }, body: day }),
);
await made(
  "create_special_working_day",
  client.POST("/v1/therapists/{therapist_id}/special-hours", {
    params: { path: { therapist_id: therapist.id } },
    body: { location_id, ...day },
  }),
);
await made("create_block", client.POST("/v1/blocks", { body: { resource_id: therapist.id, ...lunch } }));
const procedure = await made(
  "create_procedure",
  client.POST("/v1/procedures", {
    body: {
      code: "FACE",
      name: "Face",
      family: "MN",
      areas: ["FACE"],
      phases: [
        { name: "Needling", kind: "procedure", minutes: 20, therapist: true, room_kinds: ["treatment"] },
      ],
    },
  }),
);
const procedure_id = procedure.id;
await made(
  "create_spacing_rule",
  client.POST("/v1/spacing-rules", {
    body: {
      code: "S99",
      after: { family: "MN" },
      before: { family: "MN" },
      scope: "area",
      floor_days: 7,
      min_days: 14,
    },
  }),
);
const template = await made(
  "create_course_template",
  client.POST("/v1/course-templates", {
    body: { code: "FACES", name: "Faces", procedure_ids: [procedure_id], sessions: 3 },
  }),
);
const patient = await made("create_patient", client.POST("/v1/patients", { body: { name: "Berta" } }));
const patient_id = patient.id;
const of_patient = { params: { path: { patient_id } } };
await made(
  "create_treatment",
  client.POST("/v1/patients/{patient_id}/treatments", {
    ...of_patient,
    body: { event: "waxing", on: "2026-01-04" },
  }),
);
await made(
  "create_medical_hold",
  client.POST("/v1/patients/{patient_id}/medical-holds", {
    ...of_patient,
    body: { code: "breastfeeding", opened_on: "2026-01-04", resolved_on: "2026-02-04" },
  }),
);
await made(
  "create_course",
  client.POST("/v1/courses", { body: { patient_id, template_id: template.id } }),
);
const what = { procedure_id, location_id };
await made("create_hold", client.POST("/v1/holds", { body: { ...what, starts_at: "2027-01-05T10:00:00Z" } }));
const visit = await made(
  "create_appointment",
  client.POST("/v1/appointments", { body: { ...what, patient_id, starts_at: "2027-01-05T14:00:00Z" } }),
);
await made(
  "create_appointment_link",
  client.POST("/v1/appointments/{appointment_id}/links", {
    params: { path: { appointment_id: visit.id } },
    body: { actions: ["confirm", "cancel"] },
  }),
);
await made(
  "create_appointments_together",
  client.POST("/v1/appointments/together", {
    body: { patient_id, visits: [{ ...what, starts_at: "2027-02-02T10:00:00Z" }] },
  }),
);
await made("create_waitlist_entry", client.POST("/v1/waitlist", { body: { ...what, patient_id } }));
await made(
  "create_external_calendar",
  client.POST("/v1/therapists/{therapist_id}/external-calendars", {
    params: { path: { therapist_id: therapist.id } },
    body: { url: "https://calendar.example.org/ada.ics" },
  }),
);
await made(
  "create_webhook",
  client.POST("/v1/webhooks", {
    body: { url: "https://example.org/hook", events: ["appointment.booked"] },
  }),
);
await made(
  "create_api_key",
  client.POST("/v1/api-keys", { body: { name: "Till", kind: "secret", scopes: ["catalog:read"] } }),
);
await made(
  "create_calendar_feed",
  client.POST("/v1/calendar-feeds", { body: { resource_id: therapist.id, detail: "busy" } }),
);
await made(
  "create_app_password",
  client.POST("/v1/app-passwords", { body: { therapist_id: therapist.id, name: "Phone" } }),
);
console.log(JSON.stringify(created.sort()));
