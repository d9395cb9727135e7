/**
 * What a store is like: `stats`, `top` and `info`. They work on a store that another
 * process has open.
 *
 * @module
 */

import { statSync } from "node:fs";
import { join } from "node:path";
import type { InspectedSegment, Inspection } from "../engine/inspection.ts";
import { KEYS_NAME } from "../fs/key_ring.ts";
import { parseFileName } from "../format/file_names.ts";
import type { SegmentInfo } from "../store/types.ts";
import { readSegments } from "../store/stats.ts";
import type { Call } from "./call.ts";
import { type CommandSpec, FORM_OPTIONS } from "./command.ts";
import { describeError, EXIT_DAMAGED, EXIT_DONE } from "./exit_code.ts";
import { count, percent, size, time } from "./figures.ts";
import { namesIn } from "./files.ts";
import { inspect } from "./inspecting.ts";
import { escapeBytes, jsonBytes } from "./text_form.ts";

const TOP_DEFAULT = 10;

/** The commands that tell what a store is like. */
export const INFO_COMMANDS: readonly CommandSpec[] = [
  {
    usage: "stats",
    summary: "print how many keys and bytes there are",
    isOnStore: true,
    options: [],
    examples: ["stats", "stats --json"],
    run: stats,
  },
  {
    usage: "top [count]",
    summary: "print the keys with the largest values, in all buckets",
    details:
      "A size is that of the value as it is stored: less if it is compressed.",
    isOnStore: true,
    options: [...FORM_OPTIONS],
    examples: ["top", "top 50 --json"],
    run: top,
  },
  {
    usage: "info",
    summary: "print the files of a store: segments, ratios, hints, the index",
    details:
      "The discard ratio is the dead part of a segment; the garbage collector rewrites " +
      "those that have reached value_log_gc_discard_ratio. A hint file that is not " +
      "whole costs time at the next open and nothing else.",
    isOnStore: true,
    options: [],
    examples: ["info", "info --json"],
    run: info,
  },
];

/** Sums over segments. */
function totalsOf(segments: readonly SegmentInfo[]) {
  const sum = (pick: (one: SegmentInfo) => number) =>
    segments.reduce((total, one) => total + pick(one), 0);
  const liveBytes = sum((one) => one.liveBytes);
  const deadBytes = sum((one) => one.deadBytes);
  const recordBytes = liveBytes + deadBytes;
  return {
    vlogSize: sum((one) => one.bytes),
    records: sum((one) => one.records),
    liveBytes,
    deadBytes,
    discardRatio: recordBytes === 0 ? 0 : deadBytes / recordBytes,
  };
}

/** Bytes of the files of some kinds. */
function fileBytes(path: string, kinds: readonly string[]): number {
  return namesIn(path)
    .filter((name) => kinds.includes(parseFileName(name)?.kind ?? ""))
    .reduce((total, name) => {
      const found = statSync(join(path, name), { throwIfNoEntry: false });
      return total + (found?.size ?? 0);
    }, 0);
}

async function stats(call: Call): Promise<void> {
  const reader = await call.reader();
  const segments = reader.segments();
  const totals = totalsOf(segments);
  const { memory } = reader.stats();
  const report = {
    path: call.path,
    keys: reader.size,
    segments: segments.length,
    ...totals,
    lsmSize: fileBytes(call.path, ["hint", "snapshot"]),
    indexBytes: memory.indexBytes,
    encrypted: namesIn(call.path).includes(KEYS_NAME),
    versionstamp: reader.versionstamp,
  };
  await call.output.fields(report, [
    ["data directory", report.path],
    ["keys", count(report.keys)],
    ["records", count(report.records)],
    ["segments", count(report.segments)],
    ["value log", size(report.vlogSize)],
    ["live", size(report.liveBytes)],
    ["dead", `${size(report.deadBytes)} (${percent(report.discardRatio)})`],
    ["hints and index snapshot", size(report.lsmSize)],
    ["index in memory", size(report.indexBytes)],
    ["encrypted", report.encrypted ? "yes" : "no"],
    ["newest versionstamp", report.versionstamp],
  ]);
}

async function top(call: Call): Promise<void> {
  const { output, signal } = call;
  const [word = String(TOP_DEFAULT)] = call.args;
  if (!/^\d{1,6}$/.test(word)) {
    throw new RangeError(
      `Cannot find the ${word} largest values: give a count up to 999999`,
    );
  }
  const reader = await call.reader();
  const largest = await reader.largest(Number(word), { signal });
  if (output.isJson) {
    return await output.json(largest.map(({ bucket, key, valueBytes }) => ({
      ...bucket === undefined ? {} : { bucket },
      ...jsonBytes("key", key),
      valueBytes,
    })));
  }
  await output.table(
    [{ head: "bucket" }, { head: "key" }, { head: "bytes", isRight: true }],
    largest.map(({ bucket = "", key, valueBytes }) => [
      escapeBytes(new TextEncoder().encode(bucket)),
      output.paint("cyan", call.show(key)),
      output.isTerminal ? count(valueBytes) : String(valueBytes),
    ]),
  );
}

/** What there is to say of the hint file of a segment. */
function hintState(inspection: Inspection, one: InspectedSegment) {
  const hint = inspection.hint(one);
  if (hint === undefined) {
    return { state: "none", bytes: 0, chunks: 0, coveredBytes: 0 };
  }
  const { bytes, problem } = hint;
  const coveredBytes = hint.chunks.at(-1)?.to ?? 0;
  const state = problem !== undefined
    ? "wrong"
    : coveredBytes === one.size
    ? "whole"
    : "partial";
  return { state, bytes, chunks: hint.chunks.length, coveredBytes };
}

async function info(call: Call): Promise<number> {
  const { output, path } = call;
  return await inspect(call, async ({ inspection, books, damage }) => {
    const known = books === undefined ? [] : readSegments(books.log);
    const segments = inspection.segments.map((one) => {
      const book = known.find(({ id }) => id === one.segment.id);
      return {
        id: one.segment.id,
        state: one.isNewest ? "active" : "sealed",
        created: one.created,
        bytes: one.size,
        records: book?.records,
        liveBytes: book?.liveBytes,
        deadBytes: book?.deadBytes,
        discardRatio: book?.discardRatio,
        hint: hintState(inspection, one),
      };
    });
    const names = namesIn(path);
    const others = names.filter((name) => {
      const kind = parseFileName(name)?.kind;
      return kind !== "segment" && kind !== "hint";
    }).sort().map((name) => ({
      name,
      bytes: statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0,
    }));
    if (output.isJson) {
      await output.json({
        path,
        encrypted: names.includes(KEYS_NAME),
        ...damage === undefined ? {} : { damage: damage.message },
        ...totalsOf(known),
        segments,
        otherFiles: others,
      });
    } else {
      const figure = (value: number | undefined, show = size) =>
        value === undefined ? "?" : show(value);
      await output.table(
        [
          { head: "segment", isRight: true },
          { head: "state" },
          { head: "made" },
          { head: "bytes", isRight: true },
          { head: "records", isRight: true },
          { head: "live", isRight: true },
          { head: "dead", isRight: true },
          { head: "discard ratio", isRight: true },
          { head: "hint" },
        ],
        segments.map((one) => [
          String(one.id),
          one.state === "active" ? output.paint("green", one.state) : one.state,
          time(one.created),
          size(one.bytes),
          figure(one.records, count),
          figure(one.liveBytes),
          figure(one.deadBytes),
          figure(one.discardRatio, percent),
          one.hint.state === "partial"
            ? `${percent(one.hint.coveredBytes / one.bytes)} covered`
            : one.hint.state,
        ]),
      );
      for (const { name, bytes } of others) {
        await output.line(`${name}\t${size(bytes)}`);
      }
    }
    if (damage === undefined) return EXIT_DONE;
    output.note(describeError(damage));
    return EXIT_DAMAGED;
  });
}
