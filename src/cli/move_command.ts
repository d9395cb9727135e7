/**
 * Buckets from a directory to servers, and back: `copy`.
 *
 * @module
 */

import type { CopyOptions, CopyProgress, CopyReport } from "../redis/mod.ts";
import type { Call } from "./call.ts";
import type { CommandSpec } from "./command.ts";
import { EXIT_DAMAGED, EXIT_DONE } from "./exit_code.ts";
import { count, size } from "./figures.ts";
import { Progress } from "./progress.ts";

/** The command that moves. */
export const MOVE_COMMANDS: readonly CommandSpec[] = [{
  usage: "copy",
  summary: "copy all buckets from a directory to Redis servers, or back",
  details:
    "One side is a data directory, the other an address: redis:// or, with TLS, " +
    "rediss://[user:password@]host:port[,host:port][/database][?mode=cluster&prefix=badger:]. " +
    "Several hosts are nodes of a cluster; one is a single server, unless mode says " +
    "otherwise. The password may be in BADGER_REDIS_PASSWORD instead. Nothing is deleted " +
    "on either side. Afterwards both are compared by count and digest; if they differ " +
    "the exit code is 5.",
  isOnStore: false,
  options: [
    { flags: "--from <place>", description: "a data directory or an address" },
    { flags: "--to <place>", description: "the other of the two" },
    {
      flags: "--state <file>",
      description:
        "where it notes how far it is; one that was ended goes on from there",
    },
    { flags: "--no-verify", description: "do not compare afterwards" },
  ],
  examples: [
    "copy --from ./data/badger --to redis://10.0.0.1:6379,10.0.0.2:6379 --state copy.json",
    "copy --from redis://localhost:6379 --to ./data/back",
  ],
  run: copy,
}];

async function copy(call: Call): Promise<number> {
  const { output, signal } = call;
  const [from, to] = [call.text("from"), call.text("to")];
  if (from === undefined || to === undefined) {
    throw new TypeError("Cannot copy: give --from and --to");
  }
  // Other commands need not load a client to start.
  const { copyFromServers, copyToServers, isServerAddress, readServerAddress } =
    await import("../redis/mod.ts");
  const isToServers = isServerAddress(to);
  if (isToServers === isServerAddress(from)) {
    throw new TypeError(
      "Cannot copy: one of --from and --to must be a directory, and the other an " +
        "address such as redis://localhost:6379",
    );
  }
  const bars: Partial<Record<CopyProgress["step"], Progress>> = {};
  const options: CopyOptions = {
    path: isToServers ? from : to,
    redis: readServerAddress(isToServers ? to : from),
    verify: !call.isOff("verify"),
    signal,
    onProgress: ({ step, entries, total }) => {
      const title = step === "copy" ? "Copying" : "Comparing";
      const bar = bars[step] ??= new Progress(output, title, total, "keys");
      bar.update(entries);
      if (step === "verify") bars.copy?.stop();
    },
  };
  const state = call.text("state");
  if (state !== undefined) options.state = state;
  let report: CopyReport;
  try {
    report = await (isToServers ? copyToServers : copyFromServers)(options);
  } finally {
    for (const bar of Object.values(bars)) bar.stop();
  }
  const isEqual = report.verified?.isEqual ?? true;
  if (output.isJson) await output.json(report);
  else await print(call, report);
  return isEqual ? EXIT_DONE : EXIT_DAMAGED;
}

async function print(call: Call, report: CopyReport): Promise<void> {
  const { output } = call;
  const { entries, bytes, resumedAt, outside, verified } = report;
  const resumed = resumedAt === 0
    ? ""
    : `, ${count(resumedAt)} of them by an earlier run`;
  await output.line(`${count(entries)} keys, ${size(bytes)}${resumed}`);
  if (outside > 0) {
    output.note(
      `${count(outside)} keys outside of buckets were left where they are`,
    );
  }
  if (verified === undefined) return;
  const { local, servers, isEqual } = verified;
  if (isEqual) {
    await output.line(
      `equal: ${count(local.entries)} keys, digest ${local.digest}`,
    );
    return;
  }
  await output.line(
    `not equal: the directory has ${count(local.entries)} keys, digest ` +
      `${local.digest}; the servers have ${
        count(servers.entries)
      }, and for the ` +
      `keys of the directory digest ${servers.digest}`,
  );
}
