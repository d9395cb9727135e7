/**
 * The records of a store, one by one, as they lie in its segments: `dump`.
 *
 * @module
 */

import type { InspectedRecord, SoundRecord } from "../engine/inspection.ts";
import { splitBucketKey } from "../store/bucket_name.ts";
import type { Call } from "./call.ts";
import { type CommandSpec, FORM_OPTIONS } from "./command.ts";
import { EXIT_DAMAGED, EXIT_DONE } from "./exit_code.ts";
import { time } from "./figures.ts";
import { inspect, stateOf } from "./inspecting.ts";
import { escapeBytes, jsonBytes } from "./text_form.ts";

/** Records of one table on a terminal. */
const ROWS_A_TABLE = 200;
const CODECS = ["plain", "deflate", "zstd"];

const COLUMNS = [
  { head: "segment", isRight: true },
  { head: "offset", isRight: true },
  { head: "bytes", isRight: true },
  { head: "kind" },
  { head: "state" },
  { head: "version", isRight: true },
  { head: "bucket" },
  { head: "key" },
  { head: "value", isRight: true },
  { head: "notes" },
];

/** The command that prints records. */
export const DUMP_COMMANDS: readonly CommandSpec[] = [
  {
    usage: "dump [segment...]",
    summary: "print the records of segments as they lie in the log",
    details:
      "Works on a store that another process has open, and on a damaged one: bytes that " +
      "are no record are told. The end of the newest segment may be a write under way. " +
      "A live record is the one that its key points at.",
    isOnStore: true,
    options: [
      { flags: "--limit <count>", description: "at most so many records" },
      { flags: "--dead", description: "only records that are not live" },
      ...FORM_OPTIONS,
    ],
    examples: ["dump --limit 20", "dump 3 --dead", "dump 1 2 --json"],
    run: dump,
  },
];

async function dump(call: Call): Promise<number> {
  const { output, signal, args } = call;
  const limit = call.integer("limit", 0) ?? Infinity;
  const onlyDead = call.flag("dead");
  return await inspect(call, async ({ inspection, books }) => {
    const ids = inspection.segments.map(({ segment }) => segment.id);
    for (const word of args) {
      if (!ids.includes(Number(word))) {
        throw new RangeError(
          `Cannot dump segment ${word}: there are ${ids.join(", ")}`,
        );
      }
    }
    let rows: string[][] = [];
    let printed = 0;
    let isDamaged = false;
    const flush = async () => {
      await output.table(COLUMNS, rows);
      await output.flush();
      rows = [];
    };
    for (const one of inspection.segments) {
      if (args.length > 0 && !args.map(Number).includes(one.segment.id)) {
        continue;
      }
      for await (const record of inspection.records(one)) {
        signal.throwIfAborted();
        if (printed === limit) break;
        const state = stateOf(books, record);
        const isLost = record.kind === "lost";
        const isTail = one.isNewest &&
          record.offset + record.length === one.size;
        if (isLost && !isTail) isDamaged = true;
        if (onlyDead && state === "live") continue;
        printed++;
        if (output.isJson) await output.line(toJson(record, state));
        else if (!output.isTerminal) {
          if (printed === 1) {
            await output.line(COLUMNS.map(({ head }) => head).join("\t"));
          }
          await output.line(toRow(call, record, state).join("\t"));
        } else if (rows.push(toRow(call, record, state)) === ROWS_A_TABLE) {
          await flush();
        }
      }
    }
    if (rows.length > 0) await flush();
    return isDamaged ? EXIT_DAMAGED : EXIT_DONE;
  });
}

/** The bucket and the key in it. */
function keyOf(record: SoundRecord): { bucket?: string; key: Uint8Array } {
  if (record.kind === "control" || !record.isInBucket) {
    return { key: record.key };
  }
  return splitBucketKey(record.key);
}

function toJson(record: InspectedRecord, state: string): string {
  if (record.kind === "lost") return JSON.stringify(record);
  const { key: _, isInBucket: __, expiry, syncMark, ...rest } = record;
  const { bucket, key } = keyOf(record);
  return JSON.stringify({
    ...rest,
    state,
    ...expiry === 0 ? {} : { expiresAt: expiry },
    ...syncMark === 0 ? {} : { syncMark },
    ...bucket === undefined ? {} : { bucket },
    ...record.kind === "control" ? {} : jsonBytes("key", key),
  });
}

function toRow(call: Call, record: InspectedRecord, state: string): string[] {
  const { output } = call;
  const { segmentId, offset, length, kind } = record;
  const place = [segmentId, offset, length].map(String);
  if (kind === "lost") {
    const { problem } = record;
    return [
      ...place,
      output.paint("red", kind),
      state,
      "",
      "",
      "",
      "",
      problem,
    ];
  }
  const { bucket = "", key } = keyOf(record);
  const notes = [
    record.expiry === 0 ? "" : `expires ${time(record.expiry)}`,
    record.batch === "no" ? "" : `batch ${record.batch}`,
    record.codec === 0 ? "" : CODECS[record.codec] ?? `codec ${record.codec}`,
    record.syncMark === 0 ? "" : `synced to ${record.syncMark}`,
  ];
  return [
    ...place,
    kind,
    state === "live" ? output.paint("green", state) : state,
    String(record.version),
    escapeBytes(new TextEncoder().encode(bucket)),
    output.paint("cyan", call.show(key)),
    kind === "put" ? String(record.valueBytes) : "",
    notes.filter((note) => note !== "").join(", "),
  ];
}
