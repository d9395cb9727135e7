/** Files that are missing, swapped, foreign, newer or left over. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { CorruptionError, StoreError } from "../../src/errors.ts";
import { Store } from "../../src/store/store.ts";
import { FixedHost } from "../support/fixed_host.ts";
import { littleEndian, slowCrc32 } from "../support/reference.ts";
import {
  assertOpens,
  assertRecovers,
  bytesOf,
  DIRECTORY,
  History,
  namesOf,
  open,
  removeFile,
  replaceFile,
} from "./history.ts";

const SEALED = "0000000001.vlog";
const SNAPSHOT = "index.snapshot";

/** The bytes of a file with another header, under a checksum that is right for it. */
function withHeader(
  bytes: Uint8Array,
  change: (header: Uint8Array) => void,
): Uint8Array {
  const changed = bytes.slice();
  change(changed);
  changed.set(littleEndian(slowCrc32(changed.subarray(0, 60)), 4), 60);
  return changed;
}

Deno.test("without its hints, its snapshot or both, a store holds the same", async () => {
  for (const isReopened of [false, true]) {
    const history = await History.make({ isClosed: true, isReopened });
    const names = namesOf(history.crashed());
    const rebuilt = names.filter((name) => !name.endsWith(".vlog"));
    assert(rebuilt.length >= 3);
    for (let chosen = 0; chosen < 2 ** rebuilt.length; chosen++) {
      const host = history.crashed();
      const missing = rebuilt.filter((_, i) => (chosen >> i & 1) === 1);
      for (const name of missing) removeFile(host, name);
      const engine = await assertRecovers(
        history,
        host,
        history.contents,
        `without ${missing}`,
      );
      const isFromSnapshot = !missing.includes(SNAPSHOT);
      assertEquals(engine.recovery.source, isFromSnapshot ? "snapshot" : "log");
      if (isFromSnapshot) assertEquals(engine.recovery.recordsReplayed, 0);
    }
  }
});

Deno.test("emptied or filled with nonsense, hints and snapshot only cost time", async () => {
  const history = await History.make({ isClosed: true });
  for (const name of namesOf(history.crashed())) {
    if (name.endsWith(".vlog")) continue;
    const whole = bytesOf(history.crashed(), name);
    const nonsense = [
      new Uint8Array(0),
      new Uint8Array(whole.length),
      crypto.getRandomValues(new Uint8Array(5000)),
      whole.slice(0, 64),
      Uint8Array.of(...whole, ...whole),
    ];
    for (const bytes of nonsense) {
      const host = history.crashed();
      replaceFile(host, name, bytes);
      await assertRecovers(history, host, history.contents, name);
    }
  }
});

Deno.test("a segment that the snapshot names and that is missing is corruption", async () => {
  const history = await History.make({ isClosed: true });
  for (const name of [SEALED, history.newest]) {
    const host = history.crashed();
    removeFile(host, name);
    const error = assertThrows(() => open(history, host), CorruptionError);
    assertEquals(error.path, `${DIRECTORY}/${name}`);
    assert(error.message.includes("missing"));
    assert(!namesOf(host).includes(name), "nothing is made in its place");
  }
});

Deno.test("a segment that had been removed and is back is corruption", async () => {
  const history = await History.make({ isClosed: true });
  const old = history.crashed();
  const host = history.crashed();
  const engine = open(history, host);
  const store = new Store(engine);
  await store.gc({ discardRatio: 0.01 });
  await store.close();
  assert(!namesOf(host).includes(SEALED));
  replaceFile(host, SEALED, bytesOf(old, SEALED));
  const error = assertThrows(() => open(history, host), CorruptionError);
  assertEquals(error.path, `${DIRECTORY}/${SEALED}`);
});

Deno.test("segments of another store are refused, whichever they replace", async () => {
  const history = await History.make();
  // The same history with other randomness.
  const other = await History.make();
  for (const name of [SEALED, history.newest]) {
    const bytes = withHeader(bytesOf(other.crashed(), name), (header) => {
      header[16]! ^= 1;
    });
    const host = history.crashed();
    replaceFile(host, name, bytes);
    const error = assertThrows(() => open(history, host), CorruptionError);
    assertEquals(error.path, `${DIRECTORY}/${history.newest}`);
    assertEquals(error.offset, 16);
  }
  // Renamed within the store.
  const host = history.crashed();
  replaceFile(host, SEALED, bytesOf(history.crashed(), history.newest));
  const error = assertThrows(() => open(history, host), CorruptionError);
  assertEquals([error.path, error.offset], [`${DIRECTORY}/${SEALED}`, 12]);
});

Deno.test("hints and snapshot of another store are not believed", async () => {
  const history = await History.make({ isClosed: true });
  for (const name of namesOf(history.crashed())) {
    if (name.endsWith(".vlog")) continue;
    const host = history.crashed();
    const bytes = withHeader(bytesOf(host, name), (header) => {
      header[16]! ^= 1;
    });
    replaceFile(host, name, bytes);
    await assertRecovers(history, host, history.contents, name);
  }
  const host = history.crashed();
  replaceFile(host, "0000000001.hint", bytesOf(host, "0000000002.hint"));
  removeFile(host, SNAPSHOT);
  await assertRecovers(history, host, history.contents, "another's hint");
});

Deno.test("a newer format is named, and nothing is touched", async () => {
  const history = await History.make({ isClosed: true });
  const changes: ((header: Uint8Array) => void)[] = [
    (header) => header.set([2, 0], 8),
    (header) => header.set([1], 56),
  ];
  for (const change of changes) {
    for (const name of [SEALED, history.newest]) {
      const host = history.crashed();
      replaceFile(host, name, withHeader(bytesOf(host, name), change));
      const before = namesOf(host).map((file) => [file, bytesOf(host, file)]);
      const error = assertThrows(() => open(history, host), StoreError);
      assertEquals(error.code, "UNSUPPORTED_FORMAT");
      assertEquals(error.path, `${DIRECTORY}/${name}`);
      const after = namesOf(host).map((file) => [file, bytesOf(host, file)]);
      assertEquals(after, before);
    }
  }
});

Deno.test("an error at open changes no file and gives the directory back", async () => {
  const history = await History.make({ isReopened: true });
  const host = history.crashed();
  const bytes = bytesOf(host, SEALED);
  replaceFile(host, SEALED, bytes.with(70, bytes[70]! ^ 1));
  removeFile(host, "0000000001.hint");
  const before = namesOf(host).map((name) => [name, bytesOf(host, name)]);
  for (let i = 0; i < 2; i++) {
    assertEquals(
      assertThrows(() => open(history, host), StoreError).code,
      "CORRUPT",
    );
    const after = namesOf(host).map((name) => [name, bytesOf(host, name)]);
    assertEquals(after, before);
  }
  replaceFile(host, SEALED, bytes);
  await assertRecovers(history, host, history.contents, "mended");
});

Deno.test("foreign files are left alone, whatever they look like", async () => {
  const history = await History.make();
  const host = history.crashed();
  const foreign = [
    "notes.txt",
    ".hidden",
    "0000000001.vlog.bak",
    "1.vlog",
    "00000000003.vlog",
    "0000000000.vlog",
    "0000000001.VLOG",
    "index.snapshot.old",
    "x.tmp",
  ];
  const content = new TextEncoder().encode("not yours");
  for (const name of foreign) replaceFile(host, name, content);
  const engine = await assertRecovers(
    history,
    host,
    history.contents,
    "foreign",
  );
  const store = new Store(engine);
  await store.gc({ discardRatio: 0.01 });
  await store.close();
  for (const name of foreign) assertEquals(bytesOf(host, name), content, name);
});

Deno.test("what a crash leaves half made is removed", async () => {
  const history = await History.make();
  const host = history.crashed();
  const half = crypto.getRandomValues(new Uint8Array(300));
  replaceFile(host, "index.snapshot.tmp", half);
  replaceFile(host, "0000000007.hint", half);
  replaceFile(host, "0000000003.vlog", half.slice(0, 20));
  await assertRecovers(history, host, history.contents, "leftovers");
  const names = namesOf(host);
  assert(!names.includes("index.snapshot.tmp"));
  assert(!names.includes("0000000007.hint"));
  assertEquals(bytesOf(host, "0000000003.vlog").length, 64, "made anew");
});

Deno.test("an empty newest segment, with or without a header, is gone on with", async () => {
  const history = await History.make();
  const header = bytesOf(history.crashed(), SEALED).slice(0, 64);
  const next = withHeader(header, (bytes) => bytes.set([3], 12));
  for (
    const bytes of [
      next,
      next.slice(0, 63),
      next.slice(0, 1),
      new Uint8Array(0),
      new Uint8Array(64),
    ]
  ) {
    const host = history.crashed();
    replaceFile(host, "0000000003.vlog", bytes);
    await assertRecovers(
      history,
      host,
      history.contents,
      `${bytes.length} bytes`,
    );
  }
});

Deno.test("cut bytes are kept aside, the newest eight times", async () => {
  const history = await History.make();
  let host = history.crashed();
  const cuts: string[] = [];
  for (let i = 0; i < 12; i++) {
    const newest = namesOf(host).findLast((name) => name.endsWith(".vlog"))!;
    const bytes = bytesOf(host, newest);
    replaceFile(host, newest, Uint8Array.of(...bytes, i, i, i));
    const engine = open(history, host);
    cuts.push(engine.recovery.lostFile!);
    assertEquals(engine.recovery.bytesCut, 3);
    await new Store(engine).set(`after cut ${i}`, "x");
    host = host.afterKill(DIRECTORY);
  }
  open(history, host);
  const lost = namesOf(host).filter((name) => name.endsWith(".lost"));
  assertEquals(
    lost.map((name) => `${DIRECTORY}/${name}`),
    cuts.slice(-8).toSorted(),
  );
});

Deno.test("an empty directory is a new store", async () => {
  const history = await History.make();
  const host = new FixedHost();
  const engine = await assertOpens(history, host, new Map(), "new");
  assertEquals(engine.recovery.source, "new");
  assertEquals(namesOf(host), [SEALED]);
});
