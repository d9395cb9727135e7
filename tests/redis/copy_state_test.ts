/** The file that says how far a copy is. */
import { assertEquals, assertThrows } from "@std/assert";
import { StoreError } from "../../src/errors.ts";
import { StateFile } from "../../src/redis/copy_state.ts";
import { tempDir } from "../support/temp.ts";

const FRESH = { job: "to a", entries: 0, bytes: 0 };

Deno.test("copy state: what was written is read, by the same copy alone", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/state`;
  const file = new StateFile(path, "to a");
  assertEquals(file.read(), FRESH);
  const state = { ...FRESH, entries: 3, bytes: 9, cursors: { "a:1": "17" } };
  file.write(state);
  assertEquals(new StateFile(path, "to a").read(), state);
  const error = assertThrows(
    () => new StateFile(path, "to b").read(),
    StoreError,
    "another one, to a",
  );
  assertEquals(error.code, "BAD_PATH");
  file.remove();
  assertEquals(file.read(), FRESH);
});

Deno.test("copy state: without a name there is no file", () => {
  const file = new StateFile(undefined, "to a");
  file.write({ ...FRESH, entries: 1 });
  assertEquals(file.read(), FRESH);
  file.remove();
});

Deno.test("copy state: a file that is none, and a place that is not there, are refused", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/state`;
  for (
    const text of ["", "{}", "null", '{"job":"to a","entries":-1,"bytes":0}']
  ) {
    Deno.writeTextFileSync(path, text);
    assertThrows(
      () => new StateFile(path, "to a").read(),
      StoreError,
      "not the state of one",
    );
  }
  const error = assertThrows(
    () => new StateFile(`${directory.path}/none/state`, "to a").read(),
    StoreError,
    "none/state",
  );
  assertEquals(error.code, "BAD_PATH");
});
