/** The newest segment cut at every byte: what is left is a prefix of history. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { CorruptionError } from "../../src/errors.ts";
import { lostName } from "../../src/format/file_names.ts";
import {
  assertOpens,
  assertRecovers,
  bytesOf,
  type Contents,
  DIRECTORY,
  History,
  namesOf,
  open,
  removeFile,
  replaceFile,
} from "./history.ts";

const HEADER_BYTES = 64;

Deno.test("cut at every byte, a store comes back as it was after some commit", async () => {
  for (const syncWrites of [false, true]) {
    const history = await History.make({ syncWrites });
    const whole = bytesOf(history.crashed(), history.newest);
    const met = new Set<Contents>();
    for (let length = 0; length <= whole.length; length++) {
      const host = history.crashed();
      replaceFile(host, history.newest, whole.slice(0, length));
      const moment = history.momentAt(length);
      const what = `cut at ${length} of ${whole.length}`;
      const check = length % 13 === 0 ? assertRecovers : assertOpens;
      const engine = await check(history, host, moment.contents, what);
      met.add(moment.contents);
      if (length < HEADER_BYTES) continue;
      const isSameSegment = moment.segmentId === engine.log.active.id;
      const end = isSameSegment ? moment.length : HEADER_BYTES;
      assertEquals(engine.recovery.bytesCut, length - end, what);
      const lost = lostName(engine.log.active.id, end);
      assertEquals(namesOf(host).includes(lost), length > end, what);
      if (length > end) {
        assertEquals(bytesOf(host, lost), whole.slice(end, length), what);
      }
    }
    assert(met.size > 8, `${met.size} different moments`);
  }
});

Deno.test("cut below what is known to be synced, a store does not open", async () => {
  // The open in between synced the tail and said so in the hint file.
  const history = await History.make({ isReopened: true });
  const whole = bytesOf(history.crashed(), history.newest);
  assert(history.reopenedAt > HEADER_BYTES);
  for (let length = 0; length <= whole.length; length++) {
    const host = history.crashed();
    replaceFile(host, history.newest, whole.slice(0, length));
    if (length < history.reopenedAt) {
      const error = assertThrows(() => open(history, host), CorruptionError);
      assertEquals(error.path, `${DIRECTORY}/${history.newest}`);
      assert(error.offset <= length);
      assertEquals(
        bytesOf(host, history.newest).length,
        length,
        "left as it was",
      );
    } else {
      const { contents } = history.momentAt(length);
      await assertRecovers(history, host, contents, `cut at ${length}`);
    }
  }
});

Deno.test("cut at every byte after a clean close, the snapshot bears witness", async () => {
  const history = await History.make({ isClosed: true });
  const whole = bytesOf(history.crashed(), history.newest);
  for (let length = 0; length < whole.length; length++) {
    const host = history.crashed();
    replaceFile(host, history.newest, whole.slice(0, length));
    const error = assertThrows(() => open(history, host), CorruptionError);
    assertEquals(error.path, `${DIRECTORY}/${history.newest}`);
  }
});

Deno.test("cut at every byte, an older segment is damage, whatever bears witness", async () => {
  for (const isClosed of [false, true]) {
    for (const without of [[], ["hint"], ["hint", "snapshot"]]) {
      const history = await History.make({ isClosed });
      const sealed = "0000000001.vlog";
      const whole = bytesOf(history.crashed(), sealed);
      const ends = new Set(
        history.moments.filter(({ segmentId }) => segmentId === 1)
          .map(({ length }) => length),
      );
      // With a witness every length is the same case; without one each counts.
      const step = without.length === 2 || !isClosed ? 1 : 5;
      for (let length = 0; length < whole.length; length += step) {
        const host = history.crashed();
        replaceFile(host, sealed, whole.slice(0, length));
        for (const ending of without) {
          for (const name of namesOf(host)) {
            if (name.endsWith(ending)) removeFile(host, name);
          }
        }
        const isWitnessed = !without.includes("hint") ||
          (isClosed && !without.includes("snapshot"));
        // Cut just between two records, and with nothing to tell otherwise, it reads
        // as a segment that was sealed earlier.
        if (!isWitnessed && ends.has(length)) continue;
        const error = assertThrows(() => open(history, host), CorruptionError);
        assertEquals(error.path, `${DIRECTORY}/${sealed}`);
        assertEquals(error.segmentId ?? 1, 1);
      }
    }
  }
});

Deno.test("zeros or garbage behind the last record are cut off", async () => {
  const tails: Record<string, Uint8Array> = {
    "one zero": new Uint8Array(1),
    "a block of zeros": new Uint8Array(4096),
    "a mebibyte of zeros": new Uint8Array(1 << 20),
    "random bytes": crypto.getRandomValues(new Uint8Array(3000)),
    "ones": new Uint8Array(777).fill(0xff),
    "text": new TextEncoder().encode("SETTVLOG is not a record ".repeat(9)),
  };
  for (const syncWrites of [false, true]) {
    const history = await History.make({ syncWrites });
    const whole = bytesOf(history.crashed(), history.newest);
    // A log in a log: the file's own first half once more.
    const copies = { ...tails, "a copy of itself": whole.slice(HEADER_BYTES) };
    for (const [name, tail] of Object.entries(copies)) {
      const host = history.crashed();
      const bytes = new Uint8Array(whole.length + tail.length);
      bytes.set(whole);
      bytes.set(tail, whole.length);
      replaceFile(host, history.newest, bytes);
      const engine = await assertRecovers(
        history,
        host,
        history.contents,
        name,
      );
      assertEquals(engine.recovery.bytesCut, tail.length);
    }
  }
});

Deno.test("zeros from every byte on are a torn tail, as a lost block leaves it", async () => {
  const history = await History.make();
  const whole = bytesOf(history.crashed(), history.newest);
  for (let start = HEADER_BYTES; start < whole.length; start += 3) {
    const host = history.crashed();
    replaceFile(host, history.newest, whole.slice().fill(0, start));
    // A record whose last bytes are zeros anyway is whole.
    const { contents } = history.momentAt(start);
    await assertRecovers(history, host, contents, `zeros from ${start}`);
  }
});
