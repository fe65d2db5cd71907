// Reads calendars with ical.js and prints the stays of each as one line of JSON, in the form of the example `feed`:
// read.mjs FROM TO FILE...
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

// Lima, where there is no summer time.
const AHEAD_OF_UTC = -5 * 3600;

/** The date at Lima. */
function local(time) {
  if (time.isDate || time.zone === ICAL.Timezone.localTimezone) {
    return time.toString().slice(0, 10);
  }
  return new Date((time.toUnixTime() + AHEAD_OF_UTC) * 1000).toISOString().slice(0, 10);
}

/** The day after. */
function next(date) {
  return new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);
}

function blocks(component) {
  return component.getFirstPropertyValue("status") !== "CANCELLED"
    && component.getFirstPropertyValue("transp") !== "TRANSPARENT";
}

function* occurrences(event, to) {
  if (!event.isRecurring()) {
    yield [event.uid, event.startDate, event.endDate];
    return;
  }
  const iterator = event.iterator();
  for (let day = iterator.next(); day && local(day) < to; day = iterator.next()) {
    const { startDate, endDate } = event.getOccurrenceDetails(day);
    yield [`${event.uid}#${day.toString().slice(0, 10).replaceAll("-", "")}`, startDate, endDate];
  }
}

function stays(file, from, to) {
  const calendar = new ICAL.Component(ICAL.parse(readFileSync(file, "utf8")));
  ICAL.TimezoneService.reset();
  for (const zone of calendar.getAllSubcomponents("vtimezone")) {
    ICAL.TimezoneService.register(zone);
  }
  const events = calendar.getAllSubcomponents("vevent").filter(blocks);
  const changes = events.filter((event) => event.hasProperty("recurrence-id"));
  const found = [];
  for (const component of events.filter((event) => !changes.includes(event))) {
    const uid = component.getFirstPropertyValue("uid");
    const exceptions = changes.filter((change) => change.getFirstPropertyValue("uid") === uid);
    for (const [name, start, end] of occurrences(new ICAL.Event(component, { exceptions }), to)) {
      const checkIn = local(start);
      const checkOut = local(end) > checkIn ? local(end) : next(checkIn);
      if (checkIn < to && checkOut > from) {
        found.push([name, checkIn, checkOut]);
      }
    }
  }
  return found;
}

const [from, to, ...files] = process.argv.slice(2);
for (const file of files) {
  console.log(JSON.stringify({ stays: stays(file, from, to), skipped: [] }));
}
