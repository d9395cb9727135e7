/**
 * The worked example in FORMAT.md: the engine still writes those very bytes, and a
 * reader written from FORMAT.md alone finds its way through them.
 */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CODED, makeBlocks, makeExample } from "./format_example.ts";
import { crc32, readHint, readSegment, recordSeed } from "./format_reader.ts";
import { decodeValue } from "../../src/format/codec.ts";
import { checksum } from "../../src/format/checksum.ts";

const document = await Deno.readTextFile("FORMAT.md");

for (const [name, block] of await makeBlocks()) {
  Deno.test(`FORMAT.md: the bytes of ${name} are those the engine writes`, () => {
    const start = document.indexOf(`\`\`\`text\n${name}\n`);
    const end = document.indexOf("\n```", start);
    assertEquals(
      document.slice(start, end),
      `\`\`\`text\n${name}\n${block}`,
      "Run tests/docs/format_example.ts and put its output into FORMAT.md",
    );
  });
}

Deno.test("FORMAT.md: the figures around the worked example are right", async () => {
  const files = await makeExample();
  assertEquals([...files.keys()], [
    "0000000001.hint",
    "0000000001.vlog",
    "index.snapshot",
  ]);
  const words = document.replace(/\s+/g, " ");
  for (const name of ["0000000001.vlog", "0000000001.hint"]) {
    const { length } = files.get(name)!;
    assertStringIncludes(words, `\`${name}\`, ${length} bytes.`);
  }
  const storeId = files.get("0000000001.vlog")!.subarray(16, 32);
  for (const offset of [0, 64]) {
    const seed = recordSeed(storeId, 1, offset).toString(16).padStart(8, "0");
    assertStringIncludes(words, `\`${seed}\``);
  }
});

Deno.test("FORMAT.md: a reader written from it notices every flipped bit", async () => {
  const files = await makeExample();
  const segment = files.get("0000000001.vlog")!;
  const hint = files.get("0000000001.hint")!;
  for (let at = 0; at < segment.length; at++) {
    const flipped = segment.slice();
    flipped[at]! ^= 1 << (at % 8);
    assertThrows(() => readSegment(flipped), Error, "", `byte ${at}`);
  }
  for (let at = 0; at < hint.length; at++) {
    const flipped = hint.slice();
    flipped[at]! ^= 1 << (at % 8);
    assertThrows(() => readHint(flipped, segment), Error, "", `byte ${at}`);
  }
});

Deno.test("FORMAT.md: the compressed values are what it says", async () => {
  for (const [codec, hex] of CODED) {
    const bytes = Uint8Array.from(
      hex.match(/../g)!,
      (byte) => parseInt(byte, 16),
    );
    const expected = new TextEncoder().encode("ab".repeat(100));
    assertEquals(decodeValue(codec, bytes), expected);
    if (codec !== 1) continue;
    const inflated = new Blob([bytes.subarray(4)]).stream()
      .pipeThrough(new DecompressionStream("deflate-raw"));
    assertEquals(
      new Uint8Array(await new Response(inflated).arrayBuffer()),
      expected,
    );
  }
});

Deno.test("FORMAT.md: the checksum is the CRC-32 it says it is", () => {
  const bytes = new TextEncoder().encode("123456789");
  // The check value that every catalogue of CRCs gives for this one.
  assertEquals(crc32(bytes), 0xcbf43926);
  assertEquals(checksum(bytes), 0xcbf43926);
  assertEquals(
    checksum(bytes.subarray(4), checksum(bytes.subarray(0, 4))),
    crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4))),
  );
});
