/**
 * Fails every operation of every workload in every way, or as many as asked for:
 *
 * ```sh
 * deno run --allow-read=. tests/crash/faults/run.ts [--seed S] [--tries N] [--only TEXT] [--first] [--encrypted]
 * ```
 *
 * @module
 */

import { parseFlags, reportRun } from "../states/report.ts";
import { ENCRYPTED_WORKLOADS, WORKLOADS } from "../states/workloads.ts";
import { tryFaults } from "./inject.ts";

const flags = parseFlags(Deno.args);
await reportRun(
  "faults",
  flags,
  flags.isEncrypted ? ENCRYPTED_WORKLOADS : WORKLOADS,
  (workload) =>
    tryFaults(workload, {
      seed: flags.seed,
      triesMax: flags.tries,
      laterShare: 0.05,
      isFirstOnly: flags.isFirstOnly,
    }),
);
