/**
 * The encrypted store of the worked example in FORMAT.md: real files of the real engine,
 * on a machine whose clock stands still and whose random bytes are 00 01 02 and so on.
 * Run it to print the blocks that belong into FORMAT.md.
 *
 * @module
 */

import { readFile } from "../../src/fs/file_system.ts";
import { MemoryFileSystem } from "../../src/fs/memory_file_system.ts";
import type { StoreOptions } from "../../src/store/options.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { readEncrypted, readKeys } from "./encrypted_reader.ts";
import { stillHost } from "./format_example.ts";

const DIRECTORY = "example";

/** The key of the example: a0 a1 and so on. */
export const EXAMPLE_KEY: Uint8Array = Uint8Array.from(
  { length: 32 },
  (_, i) => 0xa0 + i,
);

/** Runs the script of the example; returns the files it leaves. */
export async function makeStore(
  options: StoreOptions,
): Promise<Map<string, Uint8Array>> {
  const files = new MemoryFileSystem();
  const settings = { path: DIRECTORY, ...options };
  const store = new Store(openEngine(settings, stillHost(files)));
  await store.set("k", "v");
  await store.close();
  return new Map(
    files.list(DIRECTORY).sort().map((name) => [
      name,
      readFile(files, `${DIRECTORY}/${name}`),
    ]),
  );
}

/** The blocks of FORMAT.md by the name of the file they show. */
export async function makeBlocks(): Promise<Map<string, string>> {
  const files = await makeStore({ encryption: { key: EXAMPLE_KEY } });
  const keys = await readKeys(files.get("KEYS")!, EXAMPLE_KEY);
  const segment = files.get("0000000001.vlog")!;
  const encrypted = await readEncrypted(segment, keys.content);
  return new Map([
    ["KEYS", keys.lines.join("\n")],
    ["0000000001.vlog, encrypted", encrypted.lines.join("\n")],
  ]);
}

if (import.meta.main) {
  for (const [name, block] of await makeBlocks()) {
    console.log(`\`\`\`text\n${name}\n${block}\n\`\`\`\n`);
  }
}
