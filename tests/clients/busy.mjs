// Reads calendars with the `ical.js` library and prints the busy spans of each in seconds, or why it refuses one.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const MOST = 1000;
const asked = JSON.parse(readFileSync(0, "utf8"));
for (const text of asked.zones) {
  ICAL.TimezoneService.register(new ICAL.Timezone(new ICAL.Component(ICAL.parse(text))));
}

function seconds(time) {
  // A floating time is of the process's zone, which is where the therapist works.
  return time.toJSDate().getTime() / 1000;
}

function isFree(component) {
  const word = (name) => `${component.getFirstPropertyValue(name)}`.toUpperCase();
  return word("transp") === "TRANSPARENT" || word("status") === "CANCELLED";
}

function* occurrences(event, last) {
  if (!event.isRecurring()) {
    yield { startDate: event.startDate, endDate: event.endDate, item: event };
    return;
  }
  const iterator = event.iterator();
  for (let count = 0, next = iterator.next(); next && count < MOST; count += 1, next = iterator.next()) {
    if (next instanceof ICAL.Period) {
      yield { startDate: next.start, endDate: next.getEnd(), item: event };
      continue;
    }
    if (seconds(next) > last) return;
    yield event.getOccurrenceDetails(next);
  }
}

function* events(calendar, last) {
  const all = calendar.getAllSubcomponents("vevent");
  for (const master of all.filter((one) => !one.hasProperty("recurrence-id"))) {
    const uid = master.getFirstPropertyValue("uid");
    const exceptions = all.filter(
      (one) => one.hasProperty("recurrence-id") && one.getFirstPropertyValue("uid") === uid,
    );
    for (const one of occurrences(new ICAL.Event(master, { exceptions }), last)) {
      if (!isFree(one.item.component)) yield [seconds(one.startDate), seconds(one.endDate)];
    }
  }
}

function* periods(calendar) {
  for (const component of calendar.getAllSubcomponents("vfreebusy")) {
    for (const property of component.getAllProperties("freebusy")) {
      if (property.getParameter("fbtype") === "FREE") continue;
      for (const one of property.getValues()) yield [seconds(one.start), seconds(one.getEnd())];
    }
  }
}

function read({ text, zone, first, last }) {
  process.env.TZ = zone;
  try {
    const calendar = new ICAL.Component(ICAL.parse(text));
    const spans = [...events(calendar, last), ...periods(calendar)];
    return spans.map(([from, to]) => [Math.max(from, first), Math.min(to, last)]).filter(([from, to]) => from < to);
  } catch (error) {
    return `${error}`;
  }
}

console.log(JSON.stringify(asked.calendars.map(read)));
