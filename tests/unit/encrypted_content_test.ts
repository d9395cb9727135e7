/**
 * Encrypted files: what is written is read, whatever the writes, cuts and reopenings;
 * and what is not authentic is never read as anything but noise.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { StoreError } from "../../src/errors.ts";
import { EncryptedFileSystem } from "../../src/fs/encrypted_file_system.ts";
import {
  type FileHandle,
  readFile,
  readFully,
  writeFully,
} from "../../src/fs/file_system.ts";
import {
  FRAME_EXTRA_BYTES,
  HEAD_BYTES,
  lengthOf,
  offsetOf,
  PAGE_BYTES,
  SECTOR_BYTES,
} from "../../src/fs/frame.ts";
import { MemoryFileSystem } from "../../src/fs/memory_file_system.ts";
import { FailingFileSystem } from "../support/simulated_host.ts";

const PATH = "d/0000000001.vlog";
const KEY = Uint8Array.from({ length: 32 }, (_, i) => i + 1);

const randomBytes = (length: number) =>
  crypto.getRandomValues(new Uint8Array(length));

/** Files in memory, and a look at what the medium has. */
class Machine {
  readonly raw = new MemoryFileSystem();
  files = this.#open();

  #open(): EncryptedFileSystem {
    const files = new EncryptedFileSystem(this.raw, randomBytes, { key: KEY });
    files.lock("d").release();
    return files;
  }

  /** The next process. */
  restart(): FileHandle {
    this.files = this.#open();
    return this.files.open(PATH, "write");
  }

  get bytes(): Uint8Array {
    return readFile(this.raw, PATH);
  }

  set bytes(bytes: Uint8Array) {
    const file = this.raw.open(PATH, "write");
    file.truncate(0);
    writeFully(file, bytes, 0, bytes.length, 0);
  }
}

function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from(
    { length },
    (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 24) + seed,
  );
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

function append(file: FileHandle, bytes: Uint8Array): void {
  writeFully(file, bytes, 0, bytes.length, file.size());
}

function readAll(file: FileHandle): Uint8Array {
  const bytes = new Uint8Array(file.size());
  assertEquals(readFully(file, bytes, 0, bytes.length, 0), bytes.length);
  return bytes;
}

function assertSame(actual: Uint8Array, expected: Uint8Array, what = ""): void {
  assertEquals(actual.length, expected.length, what);
  const differs = actual.findIndex((byte, i) => byte !== expected[i]);
  assertEquals(differs, -1, what);
}

/** The frames of a file, read by their heads alone. */
function framesOf(bytes: Uint8Array): {
  position: number;
  offset: number;
  length: number;
  nonce: string;
}[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const frames = [];
  for (let at = HEAD_BYTES; at < bytes.length;) {
    const rest = SECTOR_BYTES - at % SECTOR_BYTES;
    if (rest < 128) {
      at += rest;
      continue;
    }
    const length = lengthOf(view, at);
    const nonce = bytes.subarray(at + 8, at + 20).join();
    frames.push({ position: at, offset: offsetOf(view, at), length, nonce });
    at += FRAME_EXTRA_BYTES + length;
  }
  return frames;
}

Deno.test("encrypted file: writes of every size are read in every way", async () => {
  const machine = new Machine();
  let file = machine.files.open(PATH, "create");
  const sizes = [64, 1, 20, 4095, 4096, 4097, 100, 0, 9000, 65_536, 1, 200_000];
  const parts = sizes.map((size, i) => pattern(size, i));
  const whole = new Uint8Array(sizes.reduce((sum, size) => sum + size));
  let at = 0;
  for (const part of parts) {
    append(file, part);
    whole.set(part, at);
    at += part.length;
    assertEquals(file.size(), at);
  }
  for (let round = 0; round < 2; round++) {
    assertSame(readAll(file), whole);
    for (let i = 0; i < 300; i++) {
      const from = Math.floor(Math.random() * whole.length);
      const target = new Uint8Array(1 + Math.floor(Math.random() * 9000));
      const count = i % 3 === 0
        ? await file.readAsync(target, 0, target.length, from)
        : file.read(target, 0, target.length, from);
      assertSame(
        target.subarray(0, count),
        whole.subarray(from, from + count),
        `${count} bytes at ${from}`,
      );
      assertEquals(count, Math.min(target.length, whole.length - from));
    }
    assertEquals(file.read(new Uint8Array(9), 0, 9, whole.length), 0);
    file = machine.restart();
  }
});

Deno.test("encrypted file: frames keep to pages and sectors, and no nonce comes twice", () => {
  const machine = new Machine();
  const file = machine.files.open(PATH, "create");
  for (let i = 0; i < 400; i++) append(file, pattern(i * 7 % 3000 + 1, i));
  append(file, pattern(1_500_000, 1));
  file.truncate(100_000);
  for (let i = 0; i < 100; i++) append(file, pattern(i + 1, i));
  const frames = framesOf(machine.bytes);
  let expected = 0;
  for (const { position, offset, length } of frames) {
    if (length > 0) assertEquals(offset, expected);
    expected = offset + length;
    assert(offset % PAGE_BYTES + length <= PAGE_BYTES);
    const last = position + FRAME_EXTRA_BYTES + length - 1;
    assertEquals(
      Math.floor(position / SECTOR_BYTES),
      Math.floor(last / SECTOR_BYTES),
    );
  }
  assertEquals(expected, file.size());
  assertEquals(new Set(frames.map(({ nonce }) => nonce)).size, frames.length);
});

Deno.test("encrypted file: bytes that replace cut ones get other nonces", () => {
  const machine = new Machine();
  const file = machine.files.open(PATH, "create");
  const seen = new Set<string>();
  const look = () => {
    for (const { nonce } of framesOf(machine.bytes)) seen.add(nonce);
    return seen.size;
  };
  append(file, pattern(100, 0));
  for (let i = 0; i < 50; i++) {
    append(file, pattern(30, i));
    const before = look();
    file.truncate(i % 2 === 0 ? 100 : 110);
    if (i % 2 === 1) {
      look();
      file.truncate(100);
    }
    append(file, pattern(30, i + 1));
    assert(look() > before);
    file.truncate(100);
  }
});

Deno.test("encrypted file: random writes, cuts and reopenings, against an array", () => {
  const size = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 300 }) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 9000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 150_000 }) },
  );
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const operation = fc.oneof(
    { weight: 5, arbitrary: fc.record({ append: size }) },
    { weight: 2, arbitrary: fc.record({ cut: share }) },
    { weight: 1, arbitrary: fc.record({ cutBack: size }) },
    { weight: 1, arbitrary: fc.record({ renew: share }) },
    { weight: 1, arbitrary: fc.constant({ restart: true }) },
    { weight: 4, arbitrary: fc.record({ read: share, length: size }) },
  );
  fc.assert(
    fc.property(
      fc.array(operation, { minLength: 5, maxLength: 60, size: "max" }),
      (operations) => {
        const machine = new Machine();
        let file = machine.files.open(PATH, "create");
        let model: Uint8Array = new Uint8Array(0);
        for (const [i, step] of operations.entries()) {
          if ("append" in step) {
            const bytes = pattern(step.append, i);
            append(file, bytes);
            model = concat(model, bytes);
          } else if ("cut" in step || "cutBack" in step) {
            const length = "cut" in step
              ? Math.floor(step.cut * model.length)
              : Math.max(0, model.length - step.cutBack);
            file.truncate(length);
            model = model.slice(0, length);
          } else if ("renew" in step) {
            const from = Math.floor(step.renew * model.length);
            const before = machine.bytes;
            // As the engine does it: through a handle of its own.
            const other = machine.files.open(PATH, "write");
            other.renew!(from, model.length);
            other.close();
            assertSame(machine.bytes, before, "the same cipher text");
          } else if ("restart" in step) {
            file = machine.restart();
          } else {
            const from = Math.floor(step.read * model.length);
            const target = new Uint8Array(step.length);
            const count = readFully(file, target, 0, target.length, from);
            assertSame(
              target.subarray(0, count),
              model.subarray(from, from + step.length),
            );
          }
          assertEquals(file.size(), model.length);
        }
        assertSame(readAll(file), model);
        assertSame(readAll(machine.restart()), model);
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("encrypted file: cut at every byte, it ends in noise that is no record", () => {
  const machine = new Machine();
  const file = machine.files.open(PATH, "create");
  const ends = [0];
  const plain: number[] = [];
  for (const size of [64, 30, 200, 1, 50]) {
    const bytes = pattern(size, size);
    append(file, bytes);
    plain.push(...bytes);
    ends.push(plain.length);
  }
  const whole = machine.bytes;
  const frames = framesOf(whole);
  for (let length = 0; length <= whole.length; length++) {
    machine.bytes = whole.slice(0, length);
    const cut = machine.restart();
    const count = frames.filter(({ position, length: bytes }) =>
      position + FRAME_EXTRA_BYTES + bytes <= length
    ).length;
    const sound = ends[count]!;
    const read = readAll(cut);
    assertSame(read.subarray(0, sound), Uint8Array.from(plain.slice(0, sound)));
    const isAtBorder = length === 0 || length === HEAD_BYTES ||
      frames.some(({ position }) =>
        position === length
      ) ||
      length === whole.length;
    if (length >= HEAD_BYTES) {
      assertEquals(read.length > sound, !isAtBorder, `cut at ${length}`);
    }
    for (const byte of read.subarray(sound)) assertEquals(byte & 3, 0);
    if (length <= HEAD_BYTES && length > 0 && length < HEAD_BYTES) {
      assertThrows(() => append(cut, pattern(5, 0)), StoreError, "head");
      continue;
    }
    // The engine cuts the noise, and goes on.
    cut.truncate(sound);
    assertEquals(cut.size(), sound);
    append(cut, pattern(77, 9));
    const again = readAll(machine.restart());
    assertSame(again.subarray(0, sound), read.subarray(0, sound));
    assertSame(again.subarray(sound), pattern(77, 9), `cut at ${length}`);
  }
});

Deno.test("encrypted file: a flipped byte makes its frame noise, and nothing else", () => {
  const machine = new Machine();
  const file = machine.files.open(PATH, "create");
  const plain = pattern(400, 3);
  for (const end of [64, 94, 95, 300, 301, 400]) {
    append(file, plain.subarray(file.size(), end));
  }
  const whole = machine.bytes;
  const frames = framesOf(whole);
  for (let at = 0; at < whole.length; at++) {
    machine.bytes = whole.with(at, whole[at]! ^ (1 << (at & 7)));
    const read = readAll(machine.restart());
    const hit = frames.findLast(({ position }) => position <= at);
    const isLast = hit === frames.at(-1);
    if (hit !== undefined) {
      assertEquals(read.length >= plain.length, true);
      if (!isLast) assertEquals(read.length, plain.length, `flip at ${at}`);
    }
    for (const [i, byte] of read.entries()) {
      const isHit = hit === undefined ||
        (i >= hit.offset && i < hit.offset + hit.length) ||
        (isLast && i >= hit.offset);
      if (isHit) assertEquals(byte & 3, 0, `byte ${i} for a flip at ${at}`);
      else assertEquals(byte, plain[i], `byte ${i} for a flip at ${at}`);
    }
  }
});

Deno.test("encrypted file: frames that change places or files are noise", () => {
  const machine = new Machine();
  const file = machine.files.open(PATH, "create");
  for (let i = 0; i < 6; i++) append(file, pattern(100, i));
  const whole = machine.bytes;
  const frames = framesOf(whole);
  const length = FRAME_EXTRA_BYTES + 100;
  const swapped = whole.slice();
  const [a, b] = [frames[1]!.position, frames[3]!.position];
  swapped.set(whole.subarray(b, b + length), a);
  swapped.set(whole.subarray(a, a + length), b);
  machine.bytes = swapped;
  let read = readAll(machine.restart());
  for (let i = 0; i < 600; i++) {
    const isSound = read[i] === pattern(100, Math.floor(i / 100))[i % 100];
    assert(isSound || (read[i]! & 3) === 0, `byte ${i}`);
  }
  // The frames of another file under the same data key.
  const other = machine.files.open("d/0000000002.vlog", "create");
  for (let i = 0; i < 6; i++) append(other, pattern(100, i + 50));
  const foreign = readFile(machine.raw, "d/0000000002.vlog");
  const mixed = whole.slice();
  mixed.set(foreign.subarray(a, a + length), a);
  machine.bytes = mixed;
  read = readAll(machine.restart());
  assert(read.subarray(100, 200).every((byte) => (byte & 3) === 0));
  assertSame(read.subarray(200, 300), pattern(100, 2));
  // Another head with the frames of this file.
  machine.bytes = concat(
    foreign.subarray(0, HEAD_BYTES),
    whole.subarray(HEAD_BYTES),
  );
  read = readAll(machine.restart());
  assert(read.length > 0 && read.every((byte) => (byte & 3) === 0));
});

Deno.test("encrypted file: damage of any stretch of a large file leaves the rest", () => {
  const machine = new Machine();
  const file = machine.files.open(PATH, "create");
  const plain = pattern(1_000_000, 0);
  for (let at = 0, i = 0; at < plain.length; i++) {
    const step = Math.min(
      plain.length - at,
      i % 5 === 0 ? 40_000 : i * 13 % 900 + 1,
    );
    append(file, plain.subarray(at, at + step));
    at += step;
  }
  const whole = machine.bytes;
  const frames = framesOf(whole);
  fc.assert(
    fc.property(
      fc.integer({ min: HEAD_BYTES, max: whole.length - 1 }),
      fc.integer({ min: 1, max: 200_000 }),
      fc.constantFrom("zeros", "garbage"),
      fc.array(fc.integer({ min: 0, max: plain.length - 1 }), { maxLength: 8 }),
      (start, length, kind, probes) => {
        const bytes = whole.slice();
        const end = Math.min(start + length, whole.length);
        if (kind === "zeros") bytes.fill(0, start, end);
        else bytes.set(pattern(end - start, 1), start);
        machine.bytes = bytes;
        const hit = new Uint8Array(plain.length);
        for (const { position, offset, length } of frames) {
          const last = position + FRAME_EXTRA_BYTES + length;
          const isChanged = bytes.subarray(position, last)
            .some((byte, i) => byte !== whole[position + i]);
          if (isChanged) {
            hit.fill(1, offset, offset + length);
          }
        }
        const damaged = machine.restart();
        const check = (read: Uint8Array, from: number) => {
          for (let i = 0; i < read.length; i++) {
            const byte = read[i]!;
            const isHit = hit[from + i] !== 0;
            if (isHit ? (byte & 3) === 0 : byte === plain[from + i]) continue;
            throw new Error(`byte ${from + i} is ${byte}, hit: ${isHit}`);
          }
        };
        // In any order, for the map is filled as pages are asked for.
        for (const from of probes) {
          const target = new Uint8Array(5000);
          const count = damaged.read(target, 0, target.length, from);
          if (from + count <= plain.length) {
            check(target.subarray(0, count), from);
          }
        }
        check(readAll(damaged).subarray(0, plain.length), 0);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("encrypted file: what is there cannot be replaced by something else", () => {
  const machine = new Machine();
  const file = machine.files.open(PATH, "create");
  append(file, pattern(5000, 1));
  const write = (bytes: Uint8Array, at: number) => () =>
    file.write(bytes, 0, bytes.length, at);
  for (const at of [0, 10, 4990]) {
    assertThrows(write(pattern(10, 77), at), StoreError, "at its end only");
  }
  assertThrows(() => file.renew!(0, 5001), StoreError, "ends before 5001");
  assertThrows(write(pattern(10, 1), 5001), StoreError, "at its end only");
  assertSame(readAll(file), pattern(5000, 1));
});

Deno.test("encrypted file: what was cut does not show where the frame behind it is damaged", () => {
  const machine = new Machine();
  const file = machine.files.open(PATH, "create");
  const first = new Uint8Array(300).fill(0x41);
  append(file, first);
  file.truncate(100);
  append(file, new Uint8Array(50).fill(0x42));
  append(file, new Uint8Array(50).fill(0x43));
  const [, cut, damaged] = framesOf(machine.bytes);
  assertEquals([cut!.length, damaged!.offset], [0, 100]);
  const at = damaged!.position + 25;
  machine.bytes = machine.bytes.with(at, machine.bytes[at]! ^ 0xff);
  const read = readAll(machine.restart());
  assertSame(read.subarray(0, 100), first.subarray(0, 100));
  assert(read.subarray(100, 150).every((byte) => (byte & 3) === 0));
  assertSame(read.subarray(150), new Uint8Array(50).fill(0x43));
});

Deno.test("encrypted file: a write that broke off leaves nothing behind the next one", () => {
  const raw = new FailingFileSystem();
  const open = () => {
    const files = new EncryptedFileSystem(raw, randomBytes, { key: KEY });
    files.lock("d").release();
    return files;
  };
  const file = open().open(PATH, "create");
  for (const isFirst of [true, false]) {
    const length = file.size();
    raw.freeBytes = 3000;
    assertThrows(() => append(file, pattern(9000, 1)), StoreError, "full");
    raw.freeBytes = Infinity;
    assertEquals(file.size(), length);
    append(file, pattern(100, isFirst ? 2 : 3));
  }
  const expected = concat(pattern(100, 2), pattern(100, 3));
  assertSame(readAll(file), expected);
  assertSame(readAll(open().open(PATH, "write")), expected);
});
