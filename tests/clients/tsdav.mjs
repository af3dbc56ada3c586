// A program on the `tsdav` library: discovers, reads, follows, writes, replaces and deletes; prints JSON.
import { createDAVClient } from "tsdav";

const busyTime = (hour) =>
  [
    "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT", "UID:school",
    "DTSTAMP:20270101T000000Z", `DTSTART:20270105T${hour}0000Z`, `DTEND:20270105T${hour}3000Z`,
    "SUMMARY:School", "END:VEVENT", "END:VCALENDAR", "",
  ].join("\r\n");

const client = await createDAVClient({
  serverUrl: process.env.DAV_URL,
  credentials: { username: process.env.DAV_USER, password: process.env.DAV_PASSWORD },
  authMethod: "Basic",
  defaultAccountType: "caldav",
});
const calendars = await client.fetchCalendars();
const named = Object.fromEntries(calendars.map((one) => [one.displayName, one]));
const told = { calendars: Object.keys(named).sort(), reports: named.Busy.reports };

const range = { start: "2027-01-05T00:00:00.000Z", end: "2027-01-06T00:00:00.000Z" };
const visits = await client.fetchCalendarObjects({ calendar: named.Appointments, timeRange: range });
told.visits = visits.map((one) => /DTSTART:(\S+)/.exec(one.data)[1]);

const follow = async (calendar) => {
  const { updated, created, deleted } = await client.smartCollectionSync({
    collection: { ...calendar, objectMultiGet: client.calendarMultiGet }, method: "webdav", detailedResult: true,
  }).then((result) => result.objects);
  return [created.length, updated.length, deleted.length];
};
// tsdav compares with the objects that the collection had when it was last followed.
let busy = { ...named.Busy, objects: [] };
const filename = "school.ics";
const made = await client.createCalendarObject({ calendar: busy, filename, iCalString: busyTime("16") });
told.created = made.status;
told.again = (await client.createCalendarObject({ calendar: busy, filename, iCalString: busyTime("16") })).status;
told.came = await follow(busy);
let [object] = await client.fetchCalendarObjects({ calendar: busy });
told.updated = (await client.updateCalendarObject({ calendarObject: { ...object, data: busyTime("17") } })).status;
told.stale = (await client.updateCalendarObject({ calendarObject: { ...object, data: busyTime("18") } })).status;
[object] = await client.fetchCalendarObjects({ calendar: busy });
told.data = /DTSTART:(\S+)/.exec(object.data)[1];
told.deleted = (await client.deleteCalendarObject({ calendarObject: object })).status;
told.left = (await client.fetchCalendarObjects({ calendar: busy })).length;
told.refused = (
  await client.createCalendarObject({ calendar: named.Appointments, filename, iCalString: busyTime("16") })
).status;
console.log(JSON.stringify(told));
