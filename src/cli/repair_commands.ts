/**
 * Keeping a store in order: `gc`, `verify` and `salvage`.
 *
 * @module
 */

import type { OfflineOptions } from "../store/encryption_options.ts";
import { Store } from "../store/store.ts";
import type { Call } from "./call.ts";
import type { CommandSpec } from "./command.ts";
import { EXIT_DAMAGED, EXIT_DONE } from "./exit_code.ts";
import { count, duration, size } from "./figures.ts";
import { bytesIn } from "./files.ts";
import { Progress, withPolledProgress, withProgress } from "./progress.ts";

/** The commands that keep a store in order. */
export const REPAIR_COMMANDS: readonly CommandSpec[] = [
  {
    usage: "gc",
    summary: "collect garbage: rewrite segments with many dead bytes",
    isOnStore: true,
    options: [{
      flags: "--ratio <ratio>",
      description:
        "the dead part from which on, above 0 and below 1 (default: 0.5)",
    }],
    examples: ["gc", "gc --ratio 0.2"],
    run: gc,
  },
  {
    usage: "verify",
    summary: "read every byte of a store and tell what is damaged",
    details:
      "Nothing is changed. The store must not be open elsewhere. The exit code is 5 if " +
      "there is damage; a torn tail, which a crash leaves, is none.",
    isOnStore: true,
    options: [],
    examples: ["verify", "verify --json --path /var/lib/app/store"],
    run: verify,
  },
  {
    usage: "salvage <target>",
    summary: "copy what makes sense of a damaged store to a new one",
    details:
      "The damaged store is not changed. What a lost record had replaced or deleted " +
      "comes back. The new store has the key of --key-file, if there is one. The exit " +
      "code is 5 if bytes were lost.",
    isOnStore: true,
    options: [],
    examples: ["salvage ./data/salvaged --path ./data/damaged"],
    run: salvage,
  },
];

async function gc(call: Call): Promise<void> {
  const { output, signal } = call;
  const text = call.text("ratio");
  const discardRatio = text === undefined ? 0.5 : Number(text);
  if (!(discardRatio > 0 && discardRatio < 1)) {
    throw new RangeError(
      `Cannot use ${text} for --ratio: it must be above 0 and below 1`,
    );
  }
  const store = await call.store();
  const before = store.stats();
  const total = store.segments()
    .filter((segment) => segment.discardRatio >= discardRatio)
    .reduce((sum, { bytes }) => sum + bytes, 0);
  const report = await withPolledProgress(
    new Progress(output, "Collecting", total, "bytes"),
    () => store.stats().gc.bytesReclaimed - before.gc.bytesReclaimed,
    () => store.gc({ discardRatio, signal }),
  );
  signal.throwIfAborted();
  await output.fields(report, [
    ["segments rewritten", count(report.segmentsRewritten)],
    ["files removed", size(report.bytesReclaimed)],
    ["live bytes rewritten", size(report.bytesRewritten)],
    [
      "value log",
      `${size(before.vlogSize)} before, ${size(store.stats().vlogSize)} now`,
    ],
    ["ended since", report.reason],
    ["time", duration(report.milliseconds)],
  ]);
}

/** How a store that is not open is looked at. */
function offlineOptions(call: Call, progress: Progress): OfflineOptions {
  return {
    ...call.encryption(),
    signal: call.signal,
    onProgress: ({ bytes }) => progress.update(bytes),
  };
}

async function verify(call: Call): Promise<number> {
  const { output, path } = call;
  const report = await withProgress(
    new Progress(output, "Verifying", bytesIn(call.path), "bytes"),
    (progress) => Store.verify(path, offlineOptions(call, progress)),
  );
  if (output.isJson) await output.json(report);
  else {
    await output.table(
      [
        { head: "segment", isRight: true },
        { head: "bytes", isRight: true },
        { head: "puts", isRight: true },
        { head: "tombstones", isRight: true },
        { head: "hint" },
        { head: "lost", isRight: true },
        { head: "unreadable", isRight: true },
      ],
      report.segments.map((one) => [
        String(one.id),
        size(one.bytes),
        count(one.puts),
        count(one.tombstones),
        one.hint,
        size(one.lost.reduce((sum, { bytes }) => sum + bytes, 0)),
        count(one.unreadable.length),
      ]),
    );
    for (const { lost, unreadable } of report.segments) {
      for (const one of [...lost, ...unreadable]) {
        await output.line(
          `${one.path}\toffset ${one.offset}\t${one.bytes} bytes\t${one.reason}`,
        );
      }
    }
    const verdict = report.isSound
      ? output.paint("green", "sound")
      : output.paint("red", "damaged");
    const tail = report.tornBytes === 0
      ? ""
      : `, ${count(report.tornBytes)} bytes of a torn tail`;
    await output.line(
      `${verdict}: ${
        count(report.keys)
      } keys, index snapshot ${report.snapshot}${tail}, ` +
        `${duration(report.milliseconds)}`,
    );
  }
  return report.isSound ? EXIT_DONE : EXIT_DAMAGED;
}

async function salvage(call: Call): Promise<number> {
  const { output, path } = call;
  const target = { path: call.args[0]!, ...call.encryption() };
  const report = await withProgress(
    new Progress(output, "Salvaging", bytesIn(call.path), "bytes"),
    (progress) => Store.salvage(path, target, offlineOptions(call, progress)),
  );
  await output.fields(report, [
    ["new store", report.target],
    ["keys", count(report.keys)],
    ["records copied", count(report.records)],
    ["records of batches not whole", count(report.skipped)],
    ["lost", size(report.lost.reduce((sum, { bytes }) => sum + bytes, 0))],
    ...report.lost.map(({ path, offset, bytes, reason }) =>
      ["", `${path}, offset ${offset}, ${bytes} bytes: ${reason}`] as const
    ),
    ["time", duration(report.milliseconds)],
  ]);
  return report.lost.length === 0 ? EXIT_DONE : EXIT_DAMAGED;
}
