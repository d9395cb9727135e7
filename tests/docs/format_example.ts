/**
 * The store of the worked example in FORMAT.md: real files of the real engine, on a
 * machine whose clock stands still and whose random bytes are 00 01 02 and so on.
 * Run it to print the blocks that belong into FORMAT.md.
 *
 * @module
 */

import { type Host, readFile } from "../../src/fs/file_system.ts";
import { MemoryFileSystem } from "../../src/fs/memory_file_system.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { readHint, readSegment } from "./format_reader.ts";

const DIRECTORY = "example";

/** A host whose clock stands still and whose random bytes count up. */
export function stillHost(files: MemoryFileSystem): Host {
  return {
    files,
    now: () => Date.UTC(2026, 0, 1),
    elapsed: () => 0,
    shouldBreathe: () => false,
    randomBytes: (length) => Uint8Array.from({ length }, (_, i) => i),
    setTimer: () => ({ cancel() {} }),
    breathe: () => Promise.resolve(),
  };
}

/** Runs the script of the example; returns the files it leaves. */
export async function makeExample(): Promise<Map<string, Uint8Array>> {
  const files = new MemoryFileSystem();
  const engine = openEngine({ path: DIRECTORY }, stillHost(files));
  const store = new Store(engine);
  await store.set("k", "v");
  await store.set("s", "x", { expireIn: 60_000 });
  await store.delete("k");
  await store.bucket("b").batch().set("a", "1").delete("a").commit();
  await store.sync();
  await store.set("z", "");
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
  const files = await makeExample();
  const segment = files.get("0000000001.vlog")!;
  const hint = files.get("0000000001.hint")!;
  return new Map([
    ["0000000001.vlog", readSegment(segment).join("\n")],
    ["0000000001.hint", readHint(hint, segment).join("\n")],
  ]);
}

if (import.meta.main) {
  for (const [name, block] of await makeBlocks()) {
    console.log(`\`\`\`text\n${name}\n${block}\n\`\`\`\n`);
  }
  console.log([...(await makeExample()).keys()]);
}
