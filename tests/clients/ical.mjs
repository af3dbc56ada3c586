// Reads a feed with the `ical.js` library and prints its events as JSON.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const calendar = new ICAL.Component(ICAL.parse(readFileSync(0, "utf8")));
const events = calendar.getAllSubcomponents("vevent").map((one) => {
  const event = new ICAL.Event(one, { strictExceptions: true });
  return {
    uid: event.uid,
    sequence: event.sequence,
    starts_at: event.startDate.toJSDate().toISOString(),
    ends_at: event.endDate.toJSDate().toISOString(),
    summary: event.summary,
    status: one.getFirstPropertyValue("status"),
  };
});
console.log(JSON.stringify({ name: calendar.getFirstPropertyValue("name"), events }));
