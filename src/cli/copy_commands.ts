/**
 * Copies of a whole store: `backup`, `restore` and `checkpoint`.
 *
 * @module
 */

import type { BackupReport } from "../store/backup.ts";
import { Store } from "../store/store.ts";
import { type Call, hasStore } from "./call.ts";
import type { CommandSpec } from "./command.ts";
import { count, size } from "./figures.ts";
import {
  bytesIn,
  openSource,
  openTarget,
  refuseTerminal,
  STANDARD,
} from "./files.ts";
import { Progress, withPolledProgress, withProgress } from "./progress.ts";

/** The commands that copy stores. */
export const COPY_COMMANDS: readonly CommandSpec[] = [
  {
    usage: "backup <file>",
    summary: "write all of a store to a file, or to output for -",
    details:
      "The file has its name only once it is whole. Note the versionstamp that is " +
      "printed: the next backup's --since takes it. A backup is not encrypted.",
    isOnStore: true,
    options: [{
      flags: "--since <versionstamp>",
      description: "only what changed since that backup",
    }],
    examples: [
      "backup monday.backup",
      "backup tuesday.backup --since 00000000000000000042",
      "backup - | gzip > store.backup.gz",
    ],
    run: backup,
  },
  {
    usage: "restore <file...>",
    summary: "make a store of a backup, and of those that build on it",
    details:
      "Where there is no store yet, the first backup must be a full one. Where there is " +
      "one, a full backup replaces all that is in it, and asks for --force.",
    isOnStore: true,
    options: [{
      flags: "--force",
      description: "restore over a store that is there",
    }],
    examples: [
      "restore monday.backup tuesday.backup --path ./data/restored",
      "restore - --path ./data/restored < store.backup",
    ],
    run: restore,
  },
  {
    usage: "checkpoint <directory>",
    summary:
      "make a second store of the same files, by links where that can be done",
    isOnStore: true,
    options: [],
    examples: ["checkpoint ./data/before-upgrade"],
    run: checkpoint,
  },
];

async function printBackup(
  call: Call,
  report: BackupReport,
  toOutput: boolean,
): Promise<void> {
  // Output is the backup itself.
  if (toOutput) {
    call.output.note(
      `${count(report.entries)} keys, ${size(report.bytes)}, versionstamp ` +
        report.versionstamp,
    );
    return;
  }
  await call.output.fields(report, [
    ["keys", count(report.entries)],
    ["deletions", count(report.deletes)],
    ["bytes", size(report.bytes)],
    ...report.since === undefined ? [] : [["since", report.since] as const],
    ["versionstamp", report.versionstamp],
    ["SHA-256", report.digest],
  ]);
}

async function backup(call: Call): Promise<void> {
  const { output, signal } = call;
  const [file = STANDARD] = call.args;
  refuseTerminal(call, file, "a backup");
  const since = call.text("since");
  const store = await call.store();
  const options = { signal, ...since === undefined ? {} : { since } };
  const total = since === undefined ? store.size : undefined;
  const report = await withProgress(
    new Progress(output, "Backing up", total, "keys"),
    (progress) =>
      store.backup(openTarget(call, file), {
        ...options,
        onProgress: ({ keys }) => progress.update(keys),
      }),
  );
  await printBackup(call, report, file === STANDARD);
}

async function restore(call: Call): Promise<void> {
  const { output, signal, path } = call;
  let isNew = !hasStore(path);
  if (!isNew && !call.flag("force")) {
    throw new TypeError(
      `Cannot restore to ${path}: there is a store. Name another directory with ` +
        `--path, or restore over it with --force`,
    );
  }
  for (const file of call.args) {
    const source = openSource(call, file);
    const { readable } = source;
    const report = await withProgress(
      new Progress(output, `Restoring ${file}`, source.size, "bytes"),
      async (progress) => {
        source.onRead = (bytes) => progress.update(bytes);
        if (!isNew) return (await call.store()).restore(readable, { signal });
        const target = { path, ...call.encryption() };
        return await Store.restore(readable, target, { signal });
      },
    );
    isNew = false;
    await printBackup(call, report, false);
  }
}

async function checkpoint(call: Call): Promise<void> {
  const { output, signal } = call;
  const [directory = ""] = call.args;
  const store = await call.store();
  const report = await withPolledProgress(
    new Progress(output, "Copying", store.stats().vlogSize, "bytes"),
    () => bytesIn(directory),
    () => store.checkpoint(directory, { signal }),
  );
  await output.fields(report, [
    ["new store", directory],
    ["segments linked", count(report.linked)],
    ["segments copied", count(report.copied)],
    ["bytes", size(report.bytes)],
    ["versionstamp", report.versionstamp],
  ]);
}
