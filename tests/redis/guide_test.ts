/** What the guide says: every fault of the suite is in its table. */
import { assertEquals } from "@std/assert";
import { faults } from "../contract/faults.mjs";
import { tableRows } from "../docs/markdown.ts";

const guide = await Deno.readTextFile("docs/redis.md");

Deno.test("redis guide: each fault of the suite has a row", () => {
  const rows = tableRows(guide, "fault").map(([fault]) => fault!);
  // A test is named "fault: what is promised".
  const missing = Object.keys(faults).map((name) => name.split(":")[0]!)
    .filter((fault) => !rows.includes(fault));
  assertEquals(missing, []);
});
