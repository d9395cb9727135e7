/**
 * The backup of the worked example in FORMAT.md, made by the real engine. Run it to
 * print the block that belongs there.
 *
 * @module
 */

import { MemoryFileSystem } from "../../src/fs/memory_file_system.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { concatenate } from "../copies/support.ts";
import { readBackup } from "./backup_format_reader.ts";
import { stillHost } from "./format_example.ts";

/** Runs the script of the example; returns a full and an incremental backup. */
export async function makeBackups(): Promise<Uint8Array[]> {
  const host = stillHost(new MemoryFileSystem());
  await using store = new Store(openEngine({ path: "example" }, host));
  await store.set("k", "v");
  await store.bucket("b").set("s", "x", { expireIn: 60_000 });
  await store.set("gone", "");
  await store.delete("gone");
  const pieces: Uint8Array[][] = [[], []];
  const to = (number: number) =>
    new WritableStream<Uint8Array>({
      write: (piece) => void pieces[number]!.push(piece),
    });
  const { versionstamp } = await store.backup(to(0));
  await store.set("n", "w");
  await store.delete("k");
  await store.set("n", "z");
  while ((await store.gc({ discardRatio: 0.01 })).segmentsRewritten > 0);
  await store.delete("n");
  await store.backup(to(1), { since: versionstamp });
  return pieces.map((some) => concatenate(some));
}

/** The block of FORMAT.md. */
export async function makeBackupBlock(): Promise<string> {
  const [full] = await makeBackups();
  return `\`\`\`text\na full backup\n${readBackup(full!).join("\n")}`;
}

if (import.meta.main) console.log(`${await makeBackupBlock()}\n\`\`\``);
