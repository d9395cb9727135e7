/**
 * Flags and figures of the scripts that try all workloads.
 *
 * @module
 */

import type { Workload } from "./workloads.ts";

/** What a script was asked for. */
export interface Flags {
  /** Draws everything that is drawn. */
  seed: number;
  /** Tries of a workload at most. */
  tries: number;
  /** Texts of which a workload's name must have one. */
  only: string[];
  /** End at the first violation. */
  isFirstOnly: boolean;
  /** Play the workloads on an encrypted store. */
  isEncrypted: boolean;
}

/** Reads the arguments of a script. */
export function parseFlags(args: string[]): Flags {
  const valueOf = (name: string) => {
    const at = args.indexOf(name);
    return at < 0 ? undefined : args[at + 1];
  };
  const fresh = crypto.getRandomValues(new Uint32Array(1))[0]!;
  return {
    seed: Number(valueOf("--seed") ?? fresh),
    tries: Number(valueOf("--tries") ?? Infinity),
    only: args.flatMap((arg, i) => args[i - 1] === "--only" ? [arg] : []),
    isFirstOnly: args.includes("--first"),
    isEncrypted: args.includes("--encrypted"),
  };
}

/** Violations that are printed of one workload. */
const PRINTED_MAX = 3;

/** Tries all workloads and prints what was found. */
export async function reportRun(
  what: string,
  flags: Flags,
  workloads: readonly Workload[],
  run: (
    workload: Workload,
  ) => Promise<{ tries: number; violations: string[] }>,
): Promise<void> {
  const start = performance.now();
  const unhandled: string[] = [];
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    unhandled.push(String(event.reason?.stack ?? event.reason));
  });
  console.log(`${what}: seed ${flags.seed}`);
  let tries = 0;
  let violations = 0;
  let failed = 0;
  let count = 0;
  for (const workload of workloads) {
    const isChosen = flags.only.length === 0 ||
      flags.only.some((text) => workload.name.includes(text));
    if (!isChosen) continue;
    count++;
    const found = await run(workload);
    found.violations.push(
      ...unhandled.splice(0).map((text) => `unhandled rejection: ${text}`),
    );
    tries += found.tries;
    violations += found.violations.length;
    if (found.violations.length === 0) continue;
    failed++;
    console.log(`${workload.name}: ${found.violations.length} violations`);
    for (const text of found.violations.slice(0, PRINTED_MAX)) {
      console.log(`  ${text}`);
    }
    if (flags.isFirstOnly) break;
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(
    `${count} workloads, ${tries} ${what}, ${violations} violations, ${seconds} seconds`,
  );
  console.log(`${count - failed} passed, ${failed} failed`);
  if (failed > 0) Deno.exitCode = 1;
}
