/** The limits that docs/collections.md names are the real ones. */
import { assert } from "@std/assert";
import { BIGINT_BYTES_MAX, DEPTH_MAX } from "../../src/codec/storable.ts";
import { ORDERED_BIGINT_BYTES_MAX } from "../../src/codec/ordered_key.ts";
import { tableRows } from "./markdown.ts";

const guide = await Deno.readTextFile("docs/collections.md");

Deno.test("docs/collections.md: the limits are the real ones", () => {
  const limits = tableRows(guide, "limit").map(([limit = ""]) => limit).join();
  assert(limits.includes(`${DEPTH_MAX} levels`));
  const bigints = `${BIGINT_BYTES_MAX.toLocaleString("en")} bytes; ` +
    `${ORDERED_BIGINT_BYTES_MAX} in ids`;
  assert(limits.includes(bigints));
});
