/**
 * Writes into every golden script what its commands now print. Review the diff.
 *
 * @module
 */
import { runScript } from "./script.ts";

const FOLDER = "tests/scripts";

for (const { name } of Deno.readDirSync(FOLDER)) {
  if (!name.endsWith(".script")) continue;
  const path = `${FOLDER}/${name}`;
  const before = Deno.readTextFileSync(path);
  const after = await runScript(before);
  if (after === before) continue;
  Deno.writeTextFileSync(path, after);
  console.log(`Updated ${path}`);
}
