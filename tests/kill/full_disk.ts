/**
 * Stores on small real file systems that fill up, on every runtime, with synced writes
 * and without; what one runtime leaves when it is killed the next one opens:
 *
 *     deno run --allow-read=. --allow-write=.tmp --allow-run tests/kill/full_disk.ts \
 *       --runtime bun=PATH=MODULE_URL
 *
 * - `--runtime NAME=PATH=MODULE`: a runtime beside this Deno, as for `main.ts`;
 * - `--means tmpfs|ext4|limit`: only this kind of disk.
 *
 * The disks are a file system in memory, one in a file, and where neither may be
 * mounted a limit on the size of files. The last line is "N passed, N failed".
 *
 * @module
 */

import { parseArgs } from "node:util";
import { tempDir } from "../support/temp.ts";
import type { Runtime } from "./chain.ts";
import { type Disk, MEANS, type Means } from "./disks.ts";
import { denoPermissions, readRuntimes } from "./runtimes.ts";

/** A part that takes this long, in milliseconds, is stuck. */
const STUCK_AFTER = 120_000;

const { values } = parseArgs({
  options: {
    runtime: { type: "string", multiple: true, default: [] },
    means: { type: "string" },
  },
});
const runtimes = readRuntimes(values.runtime);
let passed = 0;
let failed = 0;

/** Runs one part of the scenario and adds its counts. */
async function run(
  disk: Disk,
  runtime: Runtime,
  directory: string,
  kept: string,
  sync: string,
  part: string,
): Promise<void> {
  const script = new URL("full_disk.mjs", import.meta.url).pathname;
  const { command, args } = disk.wrap(runtime.path, [
    ...denoPermissions(runtime, [directory, kept]),
    script,
    runtime.module,
    directory,
    kept,
    sync,
    part,
  ]);
  const child = new Deno.Command(command, {
    args,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), STUCK_AFTER);
  const { stdout, stderr, signal, code } = await child.output();
  clearTimeout(timer);
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout);
  const counts = /^counts: (\d+) passed, (\d+) failed\n$/m.exec(text);
  console.log(text.replace(/^counts: .*\n/m, "").trimEnd());
  passed += Number(counts?.[1] ?? 0);
  failed += Number(counts?.[2] ?? 0);
  const endsItself = part === "fill" || part === "limit";
  const isKilled = signal === "SIGKILL" || code === 137;
  if (counts !== null && endsItself === isKilled) return;
  failed++;
  console.log(
    `not ok - ${runtime.name}: ${part} ended with ${signal ?? code}\n` +
      decoder.decode(stderr),
  );
}

/** Every runtime fills a disk of its own, and the next one opens what it left. */
async function runAll(means: Means): Promise<boolean> {
  for (const sync of ["flush", "sync"]) {
    for (const [i, runtime] of runtimes.entries()) {
      await using parent = tempDir();
      const root = Deno.realPathSync(parent.path);
      await using disk = await means.make(`${root}/disk`);
      if (disk === undefined) return false;
      console.log(`== ${means.name}, ${sync}, filled by ${runtime.name}`);
      const next = runtimes[(i + 1) % runtimes.length]!;
      const kept = `${root}/kept.json`;
      const [first, second] = means.name === "limit"
        ? ["limit", "limited"] as const
        : ["fill", "after"] as const;
      await run(disk, runtime, `${root}/disk`, kept, sync, first);
      const after = means.name === "limit" ? means.unlimited : disk;
      await run(after, next, `${root}/disk`, kept, sync, second);
    }
  }
  return true;
}

const start = performance.now();
let mounted = 0;
for (const means of MEANS) {
  if (values.means !== undefined && values.means !== means.name) continue;
  // The limit is for where nothing else is allowed.
  if (means.name === "limit" && mounted > 0 && values.means === undefined) {
    continue;
  }
  if (await runAll(means)) mounted++;
  else console.log(`SKIPPED ${means.name}: it may not be mounted here`);
}
if (mounted === 0) console.log("NO DISK COULD BE FILLED: NOTHING WAS TESTED");
const seconds = (performance.now() - start) / 1000;
console.log(`${seconds.toFixed(1)} seconds`);
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(failed === 0 ? 0 : 1);
