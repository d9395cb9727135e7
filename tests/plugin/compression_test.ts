/**
 * Compressed values: the bytes of the envelope, every codec, and what is refused.
 */
import {
  assert,
  assertEquals,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { setImmediate } from "node:timers";
import * as zlib from "node:zlib";
import { StoreError } from "../../src/errors.ts";
import { makeCodecs, type Zlib } from "../../src/plugin/codecs.ts";
import { Compressor, ENVELOPE_BYTES } from "../../src/plugin/compression.ts";

/** A runtime whose `node:zlib` has no zstd, as that of Node 20. */
const OLD_ZLIB: Zlib = {
  createDeflateRaw: zlib.createDeflateRaw,
  createInflateRaw: zlib.createInflateRaw,
  deflateRawSync: zlib.deflateRawSync,
  inflateRawSync: zlib.inflateRawSync,
};

const CODECS = ["zstd", "deflate", "raw"] as const;

/** Text that compresses well, `length` bytes of it. */
function textOf(length: number): Uint8Array {
  const line = "the quick brown fox jumps over the lazy dog\n";
  const text = line.repeat(Math.ceil(length / line.length));
  return new TextEncoder().encode(text.slice(0, length));
}

/** Bytes that do not compress, the same in every run. */
function noiseOf(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 0x9e3779b9;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
}

async function refusal(
  envelope: Uint8Array,
  compressor: Compressor = new Compressor(),
): Promise<StoreError> {
  return await assertRejects(
    () => compressor.unwrap(envelope, 'the value of "k"'),
    StoreError,
    'Cannot decompress the value of "k": ',
  );
}

Deno.test("compression: the envelope is what its documentation says", async () => {
  assertEquals(
    hex(await new Compressor().wrap("hi")),
    "c5535a" + "00" + "02000000" + "ac2a93d8" + "6869",
  );
  const text = textOf(1000);
  for (const [codec, id] of [["deflate", 1], ["zstd", 2]] as const) {
    const envelope = await new Compressor(codec).wrap(text);
    assertEquals(envelope[3], id);
    assertEquals(new DataView(envelope.buffer).getUint32(4, true), 1000);
    assertEquals(
      new DataView(envelope.buffer).getUint32(8, true),
      zlib.crc32(text),
    );
    const body = envelope.subarray(ENVELOPE_BYTES);
    const decode = codec === "zstd"
      ? zlib.zstdDecompressSync
      : zlib.inflateRawSync;
    assertEquals(new Uint8Array(decode(body)), text);
  }
});

for (const codec of CODECS) {
  Deno.test(`compression: ${codec} gives back what it took, at every size`, async () => {
    const compressor = new Compressor(codec);
    assertEquals(compressor.codec, codec);
    for (
      const length of [
        0,
        1,
        31,
        32,
        33,
        1000,
        65_535,
        65_536,
        65_537,
        1_500_000,
      ]
    ) {
      for (
        const value of [textOf(length), noiseOf(length), new Uint8Array(length)]
      ) {
        const envelope = await compressor.wrap(value);
        assert(envelope.length <= length + ENVELOPE_BYTES);
        const back = await new Compressor().unwrap(envelope, "it");
        assertEquals(zlib.crc32(back), zlib.crc32(value));
        assertEquals(back.length, length);
        assertEquals(back.constructor, Uint8Array);
        assertEquals(back.buffer.byteLength, length, "it owns its bytes");
      }
    }
    if (codec !== "raw") {
      assertLess((await compressor.wrap(textOf(100_000))).length, 5_000);
    }
  });
}

Deno.test("compression: what does not get smaller is stored as it is", async () => {
  const noise = noiseOf(10_000);
  const envelope = await new Compressor().wrap(noise);
  assertEquals(envelope[3], 0);
  assertEquals(envelope.subarray(ENVELOPE_BYTES), noise);
});

Deno.test("compression: without zstd deflate is written, and zstd is refused by name", async () => {
  const old = new Compressor(undefined, makeCodecs(OLD_ZLIB));
  assertEquals([old.codec, new Compressor().codec], ["deflate", "zstd"]);
  const envelope = await old.wrap(textOf(500));
  assertEquals(await new Compressor().unwrap(envelope, "it"), textOf(500));

  const error = await refusal(
    await new Compressor("zstd").wrap(textOf(500)),
    old,
  );
  assertEquals(error.code, "UNSUPPORTED_CODEC");
  for (const word of ["zstd", "Node 22.15", "Bun", "Deno", "deflate"]) {
    assert(error.message.includes(word), error.message);
  }
  const chosen = assertThrows(
    () => new Compressor("zstd", makeCodecs(OLD_ZLIB)),
    StoreError,
    'Cannot compress with "zstd": this runtime has deflate, raw',
  );
  assertEquals(chosen.code, "UNSUPPORTED_CODEC");
});

Deno.test("compression: a codec of a later version is refused by number", async () => {
  const envelope = await new Compressor().wrap("hello");
  envelope[3] = 9;
  const error = await refusal(envelope);
  assertEquals(error.code, "UNSUPPORTED_CODEC");
  assert(error.message.includes("codec 9 of a newer version"));
});

Deno.test("compression: a plain value is not taken for a compressed one", async () => {
  const plain = ["", "0", "hello, this is a plain value", "\u0153SZ plain"];
  for (const value of plain.map((text) => new TextEncoder().encode(text))) {
    assertEquals((await refusal(value)).code, "NOT_COMPRESSED");
  }
  assertEquals(
    (await refusal(Uint8Array.of(0xc5, 0x53, 0x5a, 0))).code,
    "NOT_COMPRESSED",
  );
});

for (const codec of CODECS) {
  Deno.test(`compression: ${codec} cut or changed anywhere is an error, never other bytes`, async () => {
    const value = textOf(300);
    const envelope = await new Compressor(codec).wrap(value);
    for (let length = 0; length < envelope.length; length++) {
      const { code } = await refusal(envelope.slice(0, length));
      assertEquals(
        code,
        length < ENVELOPE_BYTES ? "NOT_COMPRESSED" : "CORRUPT",
      );
    }
    for (let i = 0; i < envelope.length; i++) {
      for (const bit of [1, 0x80]) {
        const changed = envelope.slice();
        changed[i]! ^= bit;
        // A bit that means nothing to the codec may change nothing; if anything comes
        // out, it is the value.
        const back = await new Compressor().unwrap(changed, "it").catch(
          (error) => {
            assertEquals(error.name, "StoreError");
            return value;
          },
        );
        assertEquals(back, value);
      }
    }
  });

  Deno.test(`compression: a large ${codec} value cut anywhere is an error`, async () => {
    const envelope = await new Compressor(codec).wrap(textOf(400_000));
    for (const cut of [1, 2, 10, envelope.length >> 1]) {
      const { code } = await refusal(envelope.slice(0, envelope.length - cut));
      assertEquals(code, "CORRUPT");
    }
  });
}

for (const codec of ["zstd", "deflate"] as const) {
  for (const [declared, size] of [[10, 20_000], [70_000, 20_000_000]]) {
    Deno.test(`compression: ${codec} gives no more than the declared ${declared} bytes`, async () => {
      const bomb = await new Compressor(codec).wrap(new Uint8Array(size!));
      new DataView(bomb.buffer).setUint32(4, declared!, true);
      const started = performance.now();
      const { code } = await refusal(bomb);
      assertEquals(code, "CORRUPT");
      assertLess(performance.now() - started, 1000);
    });
  }

  Deno.test(`compression: the event loop has its turn while ${codec} works on a large value`, async () => {
    const value = textOf(6_000_000);
    for (let i = 0; i < value.length; i += 5) value[i] = i * 31;
    let turns = 0;
    let isWatching = true;
    const watch = () => {
      turns++;
      if (isWatching) setImmediate(watch);
    };
    setImmediate(watch);
    const compressor = new Compressor(codec);
    const envelope = await compressor.wrap(value);
    const turnsOfWrap = turns;
    const back = await compressor.unwrap(envelope, "it");
    isWatching = false;
    assertEquals(zlib.crc32(back), zlib.crc32(value));
    assert(turnsOfWrap >= 2, `${turnsOfWrap} turns while it was compressed`);
    assert(
      turns - turnsOfWrap >= 2,
      `${turns - turnsOfWrap} turns while it was read`,
    );
  });
}

Deno.test("compression: the caller may change its bytes at once", async () => {
  const value = textOf(500_000);
  const expected = zlib.crc32(value);
  const compressor = new Compressor();
  const wrapping = compressor.wrap(value);
  value.fill(0);
  const back = await compressor.unwrap(await wrapping, "it");
  assertEquals(zlib.crc32(back), expected);
});
