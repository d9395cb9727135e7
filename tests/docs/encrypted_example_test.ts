/**
 * Encryption in FORMAT.md: the engine still writes the bytes of the worked example, and a
 * reader written from FORMAT.md alone finds its way through those and any others.
 */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { EncryptedFileSystem } from "../../src/fs/encrypted_file_system.ts";
import { readFile, writeFully } from "../../src/fs/file_system.ts";
import { MemoryFileSystem } from "../../src/fs/memory_file_system.ts";
import { FIXTURE_KEY } from "../fixtures/fixture.ts";
import { EXAMPLE_KEY, makeBlocks, makeStore } from "./encrypted_example.ts";
import { readEncrypted, readKeys } from "./encrypted_reader.ts";

const document = await Deno.readTextFile("FORMAT.md");

for (const [name, block] of await makeBlocks()) {
  Deno.test(`FORMAT.md: the bytes of ${name} are those the engine writes`, () => {
    const start = document.indexOf(`\`\`\`text\n${name}\n`);
    const end = document.indexOf("\n```", start);
    assertEquals(
      document.slice(start, end),
      `\`\`\`text\n${name}\n${block}`,
      "Run tests/docs/encrypted_example.ts and put its output into FORMAT.md",
    );
  });
}

Deno.test("FORMAT.md: the plain text of the encrypted example is that of a plain store", async () => {
  const plain = await makeStore({});
  const files = await makeStore({ encryption: { key: EXAMPLE_KEY } });
  const { content: keys } = await readKeys(files.get("KEYS")!, EXAMPLE_KEY);
  assertEquals([...files.keys()], [...plain.keys(), "KEYS"].sort());
  const words = document.replace(/\s+/g, " ");
  for (const [name, bytes] of plain) {
    const { content } = await readEncrypted(files.get(name)!, keys);
    // The snapshot has a secret, drawn after other random bytes.
    if (name !== "index.snapshot") assertEquals(content, bytes, name);
  }
  for (const name of ["KEYS", "0000000001.vlog"]) {
    const { length } = files.get(name)!;
    assertStringIncludes(words, `\`${name}\`, ${length} bytes.`);
  }
});

Deno.test("FORMAT.md: a reader written from it notices every flipped bit of an encrypted file", async () => {
  const files = await makeStore({ encryption: { key: EXAMPLE_KEY } });
  const keyFile = files.get("KEYS")!;
  const { content: keys } = await readKeys(keyFile, EXAMPLE_KEY);
  const segment = files.get("0000000001.vlog")!;
  for (let at = 0; at < segment.length; at++) {
    const flipped = segment.with(at, segment[at]! ^ (1 << (at % 8)));
    await assertRejects(() => readEncrypted(flipped, keys), `byte ${at}`);
  }
  for (let at = 0; at < keyFile.length; at++) {
    const flipped = keyFile.with(at, keyFile[at]! ^ (1 << (at % 8)));
    await assertRejects(() => readKeys(flipped, EXAMPLE_KEY), `byte ${at}`);
  }
});

Deno.test("FORMAT.md: a reader written from it reads the frozen encrypted store", async () => {
  const folder = "tests/fixtures/format_v1_encrypted";
  const keys = await readKeys(Deno.readFileSync(`${folder}/KEYS`), FIXTURE_KEY);
  assertEquals([...keys.content.keys()], [1, 2]);
  for (const { name } of Deno.readDirSync(folder)) {
    if (name === "KEYS") continue;
    const bytes = Deno.readFileSync(`${folder}/${name}`);
    const { content } = await readEncrypted(bytes, keys.content);
    const kind = { vlog: "VLOG", hint: "HINT", snapshot: "SNAP" }[
      name.split(".")[1]!
    ];
    const magic = new TextDecoder().decode(content.subarray(0, 8));
    assertEquals(magic, `SETT${kind}`);
  }
});

Deno.test("FORMAT.md: a reader written from it reads cuts and sectors", async () => {
  const raw = new MemoryFileSystem();
  const randomBytes = (length: number) =>
    crypto.getRandomValues(new Uint8Array(length));
  const files = new EncryptedFileSystem(raw, randomBytes, { key: FIXTURE_KEY });
  files.lock("d").release();
  const file = files.open("d/1", "create");
  const expected: number[] = [];
  let cuts = 0;
  for (let i = 0; expected.length < 150_000; i++) {
    const bytes = randomBytes(i * 37 % 5000 + 1);
    writeFully(file, bytes, 0, bytes.length, expected.length);
    expected.push(...bytes);
    if (i % 4 !== 0) continue;
    expected.length -= Math.min(7, bytes.length);
    file.truncate(expected.length);
    cuts++;
  }
  const keys = await readKeys(readFile(raw, "d/KEYS"), FIXTURE_KEY);
  const { content, lines } = await readEncrypted(
    readFile(raw, "d/1"),
    keys.content,
  );
  assertEquals(content, Uint8Array.from(expected));
  const seen = lines.filter((line) => line.endsWith("length 0")).length;
  assertEquals([cuts > 10, seen > cuts / 2], [true, true]);
});
