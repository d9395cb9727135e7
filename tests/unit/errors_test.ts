/** What a runtime throws, as the store tells it. */
import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  CorruptionError,
  fromSystemError,
  isNotFound,
  StoreClosedError,
  StoreError,
  type StoreErrorCode,
} from "../../src/errors.ts";
import { NodeFileSystem } from "../../src/fs/node_file_system.ts";
import { tempDir } from "../support/temp.ts";

const CODES: Record<string, StoreErrorCode> = {
  ENOSPC: "DISK_FULL",
  EDQUOT: "DISK_FULL",
  EFBIG: "DISK_FULL",
  EACCES: "PERMISSION",
  EPERM: "PERMISSION",
  EROFS: "PERMISSION",
  ENOTDIR: "BAD_PATH",
  EEXIST: "BAD_PATH",
  EISDIR: "BAD_PATH",
  EMFILE: "TOO_MANY_OPEN_FILES",
  ENFILE: "TOO_MANY_OPEN_FILES",
  EIO: "IO",
  EBADF: "IO",
};

Deno.test("errors: a system error becomes the code that says what to do", () => {
  for (const [systemCode, code] of Object.entries(CODES)) {
    const cause = Object.assign(new Error("what happened"), {
      code: systemCode,
    });
    const error = fromSystemError("write", "some/path", cause);
    assertEquals(error.code, code, systemCode);
    assertEquals(error.path, "some/path");
    assertStrictEquals(error.cause, cause);
    assert(error.message.startsWith("Cannot write some/path: "));
    assert(error.message.includes("what happened"));
    assert(!error.message.endsWith("."));
  }
});

Deno.test("errors: Deno's own names are understood", () => {
  const cause = new Deno.errors.NotCapable("Requires write access");
  assertEquals(fromSystemError("open", "p", cause).code, "PERMISSION");
  assert(isNotFound(new Deno.errors.NotFound("x")));
});

Deno.test("errors: what Deno tells by number alone is understood", async () => {
  await using directory = tempDir();
  const file = new NodeFileSystem().open(`${directory.path}/file`, "create");
  // Farther away than any file system goes, so no byte is written.
  const error = assertThrows(
    () => file.write(new Uint8Array(4096), 0, 4096, 2 ** 53 - 8192),
    StoreError,
  );
  file.close();
  assertEquals(error.code, "DISK_FULL");
  for (
    const [number, code] of [[27, "DISK_FULL"], [122, "DISK_FULL"], [5, "IO"]]
  ) {
    const cause = new Error(`Something (os error ${number})`);
    assertEquals(fromSystemError("write", "p", cause).code, code);
  }
});

Deno.test("errors: what is a StoreError already stays as it is", () => {
  const error = new StoreError("LOCKED", "Cannot open x: it is held");
  assertStrictEquals(fromSystemError("open", "x", error), error);
});

Deno.test("errors: things that are no errors are told too", () => {
  for (const thrown of ["text", 5, null, undefined, {}]) {
    const error = fromSystemError("read", "p", thrown);
    assertEquals(error.code, "IO");
    assertStrictEquals(error.cause, thrown);
    assertEquals(isNotFound(thrown), false);
  }
});

Deno.test("errors: corruption names the file, the segment and the offset", () => {
  const error = new CorruptionError(
    "read a value",
    { path: "d/0000000002.vlog", segmentId: 2, offset: 640 },
    "the record's checksum does not match",
  );
  assert(error instanceof StoreError && error instanceof Error);
  assertEquals(error.code, "CORRUPT");
  assertEquals([error.segmentId, error.offset], [2, 640]);
  assertEquals(error.path, "d/0000000002.vlog");
  assertEquals(error.name, "CorruptionError");
  assert(error.message.includes("d/0000000002.vlog is damaged at offset 640"));
});

Deno.test("errors: a closed store says what was tried", () => {
  const error = new StoreClosedError("set a key");
  assertEquals(error.code, "CLOSED");
  assertEquals(error.message, "Cannot set a key: the store is closed");
  assertEquals(error.path, undefined);
  assert(!("cause" in error) || error.cause === undefined);
});
