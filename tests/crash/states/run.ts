/**
 * Tries every crash state of every workload, or as many as asked for:
 *
 * ```sh
 * deno run --allow-read=. tests/crash/states/run.ts [--seed S] [--tries N] [--only TEXT] [--first] [--encrypted]
 * ```
 *
 * @module
 */

import { parseFlags, reportRun } from "./report.ts";
import { tryWorkload } from "./enumerate.ts";
import { ENCRYPTED_WORKLOADS, WORKLOADS } from "./workloads.ts";

const flags = parseFlags(Deno.args);
await reportRun(
  "crash states",
  flags,
  flags.isEncrypted ? ENCRYPTED_WORKLOADS : WORKLOADS,
  (workload) =>
    tryWorkload(workload, {
      seed: flags.seed,
      triesMax: flags.tries,
      laterShare: 0.15,
      isFirstOnly: flags.isFirstOnly,
    }),
);
