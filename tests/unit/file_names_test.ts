/** Names of files: what is ours, and what is left alone. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  hintName,
  lostName,
  parseFileName,
  retiredName,
  segmentName,
  SNAPSHOT_NAME,
  temporaryName,
} from "../../src/format/file_names.ts";

Deno.test("file names: every name is read back as what it was made for", () => {
  const id = fc.integer({ min: 1, max: 0xffff_ffff });
  const offset = fc.integer({ min: 0, max: 0x7fff_ffff });
  fc.assert(fc.property(id, offset, (segmentId, at) => {
    assertEquals(parseFileName(segmentName(segmentId)), {
      kind: "segment",
      segmentId,
    });
    assertEquals(parseFileName(hintName(segmentId)), {
      kind: "hint",
      segmentId,
    });
    assertEquals(parseFileName(lostName(segmentId, at)), {
      kind: "lost",
      segmentId,
      offset: at,
    });
  }));
  assertEquals(parseFileName(SNAPSHOT_NAME), { kind: "snapshot" });
  assertEquals(parseFileName(temporaryName(SNAPSHOT_NAME)), {
    kind: "temporary",
  });
  assertEquals(parseFileName(retiredName(1)), { kind: "temporary" });
});

Deno.test("file names: they sort as their ids do", () => {
  const ids = [1, 2, 9, 10, 99, 100, 65_536, 4_294_967_295];
  assertEquals(ids.map(segmentName).toSorted(), ids.map(segmentName));
});

Deno.test("file names: a name that is not exactly ours is foreign", () => {
  const foreign = [
    "",
    "1.vlog",
    "000000001.vlog",
    "00000000001.vlog",
    "0000000000.vlog",
    "4294967296.vlog",
    "9999999999.hint",
    "0000000001.VLOG",
    "0000000001.vlog ",
    "0000000001.vlog\n",
    "\n0000000001.vlog",
    "0000000001.vlog.tmp",
    "0000000001.vlog.bak",
    "0000000001-0000000064.vlog",
    "0000000001-0000000064.hint",
    "0000000001.lost",
    "../0000000001.vlog",
    "a/0000000001.vlog",
    "٠٠٠٠٠٠٠٠٠١.vlog",
    "LOCK",
    "LOCK.os",
    "LOCK.tmp",
    "LOCK.x.tmp",
    "index.snapshot.bak",
    "xindex.snapshot",
    "index-snapshot",
    "notes.txt",
    ".DS_Store",
    "important.tmp",
  ];
  for (const name of foreign) {
    assertEquals(parseFileName(name), undefined, JSON.stringify(name));
  }
});
