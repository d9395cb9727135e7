/**
 * A look at what a kill left, on a copy.
 *
 * @module
 */

import { openEngine } from "../../src/store/store.ts";
import { checkBooks } from "../support/check_books.ts";
import { tempDir } from "../support/temp.ts";

/** Opens a copy of the store at `path` and checks its books. */
export async function inspectCopy(path: string): Promise<void> {
  await using directory = tempDir();
  for (const { name } of Deno.readDirSync(path)) {
    // The copy is nobody's yet, whoever held the store itself.
    if (name.startsWith("LOCK")) continue;
    Deno.copyFileSync(`${path}/${name}`, `${directory.path}/${name}`);
  }
  const engine = openEngine({ path: directory.path, valueLogGcEnabled: false });
  try {
    checkBooks(engine);
  } finally {
    await engine.close();
  }
}
