// Books a visit, moves it and cancels it, by the client of @hey-api/openapi-ts.
import { client } from "./hey-api/client.gen.js";
import {
  cancelAppointment,
  createAppointment,
  getNextSlot,
  listAppointments,
  listSlots,
  rescheduleAppointment,
} from "./hey-api/sdk.gen.js";
import type { CancelReason } from "./hey-api/types.gen.js";

const { ADDRESS, KEY, NOW, PROCEDURE, LOCATION, PATIENT } = process.env as Record<string, string>;
client.setConfig({ baseUrl: ADDRESS, auth: KEY, headers: { "X-Clinic-Now": NOW! } });
const what = { procedure_id: PROCEDURE!, location_id: LOCATION!, patient_id: PATIENT! };

const { data: first } = await getNextSlot({ query: what, throwOnError: true });
const body = { ...what, starts_at: first.starts_at };
const { data: booked } = await createAppointment({ body, throwOnError: true });
const refused = await createAppointment({ body });
const days = { from: booked.starts_at.slice(0, 10), until: "2027-01-20" };
const { data: found } = await listSlots({ query: { ...what, ...days }, throwOnError: true });
const later = found.slots.at(-1)!;
const { data: moved } = await rescheduleAppointment({
  path: { appointment_id: booked.id },
  headers: { "If-Match": `"${booked.version}"` },
  body: { starts_at: later.starts_at },
  throwOnError: true,
});
const reason: CancelReason = "patient";
const { data: cancelled } = await cancelAppointment({
  path: { appointment_id: moved.id },
  body: { reason_code: reason, version: moved.version },
  throwOnError: true,
});
const { data: listed } = await listAppointments({
  query: { status: ["booked", "cancelled"] },
  throwOnError: true,
});
console.log(
  JSON.stringify({
    booked: booked.status,
    refused: refused.error?.refusals?.map((one) => one.code),
    moved: moved.starts_at === later.starts_at,
    cancelled: cancelled.cancellation?.reason_code,
    listed: listed.items.map((one) => one.id === booked.id),
  }),
);
