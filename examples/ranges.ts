/** Ranges: readings of sensors by time, listed, paged, counted and deleted. */
import { Store } from "@sett/badger";
import { assertEquals } from "@std/assert";
import { emptyDir } from "@std/fs";

const path = ".tmp/examples/ranges";
await emptyDir(path);
await using store = await Store.open(path);
const readings = store.bucket("readings");
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

// ISO 8601 times sort as text, so the order of keys is the order of time.
for (let hour = 0; hour < 24; hour++) {
  const time = new Date(Date.UTC(2026, 0, 1, hour)).toISOString();
  await readings.set(`attic/${time}`, `${10 + hour % 12}`);
  await readings.set(`cellar/${time}`, `${8 + hour % 3}`);
}

// The newest reading: the last key of the range.
const [newest] = readings.listSync({
  prefix: "attic/",
  reverse: true,
  limit: 1,
});
console.log(`newest: ${text(newest![0])} ${text(newest![1])}`);
assertEquals(text(newest![0]), "attic/2026-01-01T23:00:00.000Z");

// From six to nine: the start is part of it, the end is not.
const morning = {
  start: "attic/2026-01-01T06",
  end: "attic/2026-01-01T09",
};
console.log(`${await readings.count(morning)} readings in the morning`);
assertEquals(await readings.count(morning), 3);

// Page by page: a cursor is a string, to be sent to a client and back.
let pages = 0;
for (let cursor = "";;) {
  const page = readings.list({ prefix: "cellar/", limit: 10, cursor });
  const entries = await Array.fromAsync(page);
  if (entries.length === 0) break;
  pages++;
  cursor = page.cursor;
}
console.log(`${pages} pages of 10`);
assertEquals(pages, 3);

const deleted = await readings.deleteRange({ end: "attic/2026-01-01T12" });
console.log(`${deleted} old readings deleted, ${await readings.count()} left`);
assertEquals(await readings.count(), 36);
