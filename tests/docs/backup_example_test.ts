/**
 * The worked example of a backup in FORMAT.md: those very bytes are still written, and
 * a reader written from FORMAT.md alone finds its way through them.
 */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { makeBackupBlock, makeBackups } from "./backup_example.ts";
import { readBackup } from "./backup_format_reader.ts";

Deno.test("FORMAT.md: the bytes of a backup are those that are written", async () => {
  const document = await Deno.readTextFile("FORMAT.md");
  const block = await makeBackupBlock();
  const start = document.indexOf("```text\na full backup\n");
  assertEquals(
    document.slice(start, document.indexOf("\n```", start)),
    block,
    "Run tests/docs/backup_example.ts and put its output into FORMAT.md",
  );
  const [full] = await makeBackups();
  assertStringIncludes(document, `a full backup, ${full!.length} bytes,`);
});

Deno.test("FORMAT.md: a reader written from it notices every flipped bit of a backup", async () => {
  const backups = await makeBackups();
  const [, incremental] = backups.map((bytes) => readBackup(bytes).join("\n"));
  for (
    const words of [
      "kind incremental with keys",
      "flags tombstone",
      "kind keys",
    ]
  ) {
    assertStringIncludes(incremental!, words);
  }
  for (const bytes of backups) {
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at]! ^= 1 << (at % 8);
      assertThrows(() => readBackup(flipped), Error, "", `byte ${at}`);
    }
  }
});
