// Books a visit, moves it and cancels it, by the types of openapi-typescript with openapi-fetch.
import createClient from "openapi-fetch";
import type { components, paths } from "./openapi-typescript/schema.js";

const { ADDRESS, KEY, NOW, PROCEDURE, LOCATION, PATIENT } = process.env as Record<string, string>;
const client = createClient<paths>({
  baseUrl: ADDRESS!,
  headers: { Authorization: `Bearer ${KEY}`, "X-Clinic-Now": NOW! },
});
const what = { procedure_id: PROCEDURE!, location_id: LOCATION!, patient_id: PATIENT! };

function got<T>(answer: { data?: T; error?: components["schemas"]["Problem"] }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

const first = got(await client.GET("/v1/availability/next", { params: { query: what } }));
const booked = got(await client.POST("/v1/appointments", { body: { ...what, starts_at: first.starts_at } }));
const refused = await client.POST("/v1/appointments", { body: { ...what, starts_at: first.starts_at } });
const days = { from: booked.starts_at.slice(0, 10), until: "2027-01-20" };
const found = got(await client.GET("/v1/availability", { params: { query: { ...what, ...days } } }));
const later = found.slots.at(-1)!;
const moved = got(
  await client.POST("/v1/appointments/{appointment_id}/reschedule", {
    params: { path: { appointment_id: booked.id }, header: { "If-Match": `"${booked.version}"` } },
    body: { starts_at: later.starts_at },
  }),
);
const reason: components["schemas"]["CancelReason"] = "patient";
const cancelled = got(
  await client.POST("/v1/appointments/{appointment_id}/cancel", {
    params: { path: { appointment_id: moved.id } },
    body: { reason_code: reason, version: moved.version },
  }),
);
const listed = got(
  await client.GET("/v1/appointments", { params: { query: { status: ["booked", "cancelled"] } } }),
);
console.log(
  JSON.stringify({
    booked: booked.status,
    refused: refused.error?.refusals?.map((one) => one.code),
    moved: moved.starts_at === later.starts_at,
    cancelled: cancelled.cancellation?.reason_code,
    listed: listed.items.map((one) => one.id === booked.id),
  }),
);
