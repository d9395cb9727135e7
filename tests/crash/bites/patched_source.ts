/**
 * Runs the scripts of the crash tests over the source with one deliberate bug: a
 * patched copy of the file that has it stands in for the original by an import map.
 *
 * @module
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Mutant } from "./mutants.ts";

/** What a script found. */
export interface Outcome {
  /** True if it found a violation. */
  isCaught: boolean;
  /** What it printed. */
  output: string;
}

/** Places in a module that name another one by a relative path. */
const RELATIVE_IMPORT = /(\bfrom\s*")(\.{1,2}\/[^"]+)(")/g;

/**
 * Writes the patched file and the import map to `folder`; returns the map's path.
 *
 * @throws {Error} If the text to be replaced is not there exactly once.
 */
function writePatch(folder: string, mutant: Mutant | undefined): string {
  const imports: Record<string, string> = {};
  if (mutant !== undefined) {
    const { name, file, find, replace } = mutant;
    const parts = readFileSync(file, "utf8").split(find);
    if (parts.length !== 2) {
      throw new Error(
        `${file} has what "${name}" replaces ${
          parts.length - 1
        } times, not once`,
      );
    }
    const original = pathToFileURL(file);
    const patched = join(folder, "patched.ts");
    writeFileSync(
      patched,
      parts.join(replace).replace(
        RELATIVE_IMPORT,
        (_, start, path, end) => start + new URL(path, original).href + end,
      ),
    );
    imports[original.href] = pathToFileURL(patched).href;
  }
  const map = join(folder, "import_map.json");
  writeFileSync(map, JSON.stringify({ imports }));
  return map;
}

/** Runs a script with or without a bug until its first violation. */
export async function runScript(
  folder: string,
  mutant: Mutant | undefined,
  script: Mutant["script"],
  workloads: readonly string[],
  tries: number,
): Promise<Outcome> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-config",
      "--no-lock",
      "--no-prompt",
      `--import-map=${writePatch(folder, mutant)}`,
      `tests/crash/${script}/run.ts`,
      "--first",
      "--seed",
      "1",
      "--tries",
      String(tries),
      ...workloads.flatMap((name) => ["--only", name]),
    ],
    stdout: "piped",
    stderr: "piped",
  });
  const { code, signal, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  const output = decoder.decode(stdout) + decoder.decode(stderr);
  // What it found counts, however the runtime ends: now and then it crashes in its exit.
  const isCaught = code !== 0 && /\b[1-9]\d* violations\b/.test(output);
  const isClean = code === 0 && /\b0 violations\b/.test(output);
  if (!isCaught && !isClean) {
    throw new Error(`The script broke (${signal ?? code}): ${output}`);
  }
  return { isCaught, output };
}
