// A recording (asciicast v2) as values: what is to be drawn when. It knows nothing of a screen.

/** `{header, events}` of the file's text; each event is `{time, kind, data}`, `time` in seconds. A last line that was cut
 * off is passed over: the recording may be going on. Throws SyntaxError for a text that is no recording. */
export function parse(text) {
  const lines = text.split("\n").filter(Boolean);
  const header = JSON.parse(lines[0] ?? "");
  if (header?.version !== 2) throw new SyntaxError("this is no asciicast of version 2");
  const events = [];
  for (const line of lines.slice(1)) {
    try {
      const [time, kind, data] = JSON.parse(line);
      events.push({ time, kind, data });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return { header, events };
}

/** The events with no pause between two of them longer than `longest` seconds. */
export function withoutPauses(events, longest) {
  let left = 0;
  let before = 0;
  return events.map((event) => {
    left += Math.max(0, event.time - before - longest);
    before = event.time;
    return { ...event, time: event.time - left };
  });
}

/** How many of `events` lie at or before `time`. */
export function countUntil(events, time) {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (events[middle].time <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
