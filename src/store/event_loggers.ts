/**
 * Listeners that write events to a logger. The packages of the loggers are not
 * imported: whatever has their methods will do.
 *
 * @module
 */

import type { StoreEvent, StoreListener } from "../log/store_event.ts";

/** One method of a {@linkcode LogTapeLogger}. */
export type LogTapeMethod = (
  message: string,
  properties: Record<string, unknown>,
) => void;

/** What is needed of a logger of LogTape: the message comes first. */
export interface LogTapeLogger {
  /** Logs for whoever looks for a bug. */
  debug: LogTapeMethod;
  /** Logs what is as it should be. */
  info: LogTapeMethod;
  /** Logs what somebody should look at. */
  warn: LogTapeMethod;
  /** Logs what went wrong. */
  error: LogTapeMethod;
}

/** One method of a {@linkcode PinoLogger}. */
export type PinoMethod = (
  properties: Record<string, unknown>,
  message: string,
) => void;

/** What is needed of a logger of pino: the properties come first. */
export interface PinoLogger {
  /** Logs for whoever looks for a bug. */
  debug: PinoMethod;
  /** Logs what is as it should be. */
  info: PinoMethod;
  /** Logs what somebody should look at. */
  warn: PinoMethod;
  /** Logs what went wrong. */
  error: PinoMethod;
}

/** The message of each kind of event, with the names of fields in braces. */
const MESSAGES: Record<StoreEvent["type"], string> = {
  open: "Opened {path}: {keys} keys in {segments} segments, " +
    "from {source} in {milliseconds} ms",
  recovery: "Repaired {path}: {bytesCut} bytes of a torn tail cut, " +
    "{lostBytes} damaged bytes left out",
  rotation: "Sealed segment {segmentId} of {path}: {bytes} bytes",
  "gc-begin": "Collecting garbage in {path}: {deadBytes} dead bytes",
  "gc-end": "Collected garbage in {path}: {bytesReclaimed} bytes reclaimed, " +
    "{bytesRewritten} rewritten in {milliseconds} ms, until {reason}",
  stall: "Writers of {path} waited for {reason}: {groups} groups, " +
    "at most {longestMilliseconds} ms",
  poison: "No more writes to {path}, close and reopen it: {error}",
  refresh: "Refreshed the reader of {path}: {records} records",
  close: "Closed {path} in {milliseconds} ms",
};
/** The message of an event that tells of an error, where another one does not. */
const FAILURES: Partial<Record<StoreEvent["type"], string>> = {
  "gc-end": "Cannot collect garbage in {path}: {error}",
  refresh: "Cannot refresh the reader of {path}: {error}",
};

/** The message of an event, with the names of its fields in braces. */
function messageOf(event: StoreEvent): string {
  const failure = "error" in event ? FAILURES[event.type] : undefined;
  return failure ?? MESSAGES[event.type];
}

/** What a logger gets of an event. */
type Fields = Record<string, unknown>;

/** The message with the fields themselves. */
function fill(message: string, fields: Fields): string {
  return message.replace(/\{(\w+)\}/g, (_, name) => String(fields[name]));
}

/**
 * The fields for a logger, which has a level of its own: in pino's JSON there would be
 * two. Durations are rounded to microseconds.
 */
function fieldsOf({ level: _level, ...event }: StoreEvent): Fields {
  const fields: Fields = { ...event };
  for (const [name, field] of Object.entries(fields)) {
    if (typeof field === "number") fields[name] = Number(field.toFixed(3));
  }
  return fields;
}

/**
 * Makes a listener that logs events with [LogTape](https://logtape.org): each at its
 * level, with a message that has the names of fields in braces, and with the fields as
 * properties.
 *
 * @param logger The logger.
 * @returns A listener for `onEvent`.
 *
 * @example Usage
 * ```ts
 * import { configure, getLogger } from "@logtape/logtape";
 * import { logTapeEvents, Store } from "@sett/badger";
 * import { assertEquals } from "@std/assert";
 *
 * const types: unknown[] = [];
 * await configure({
 *   sinks: { memory: ({ properties }) => void types.push(properties.type) },
 *   loggers: [
 *     { category: "badger", lowestLevel: "info", sinks: ["memory"] },
 *     { category: ["logtape", "meta"], sinks: [] },
 *   ],
 * });
 *
 * const onEvent = logTapeEvents(getLogger("badger"));
 * const store = await Store.open({ memoryMode: true, onEvent });
 * await store.close();
 * assertEquals(types, ["open", "close"]);
 * ```
 */
export function logTapeEvents(logger: LogTapeLogger): StoreListener {
  return (event) => logger[event.level](messageOf(event), fieldsOf(event));
}

/**
 * Makes a listener that logs events with [pino](https://getpino.io): each at its level,
 * with its fields as those of the line, and a message.
 *
 * @param logger The logger.
 * @returns A listener for `onEvent`.
 *
 * @example Usage
 * ```ts
 * import { pinoEvents, Store } from "@sett/badger";
 * import { assertEquals } from "@std/assert";
 *
 * const lines: string[] = [];
 * const log = (fields: Record<string, unknown>, message: string) =>
 *   void lines.push(`${fields.type}: ${message}`);
 * const logger = { debug: log, info: log, warn: log, error: log };
 *
 * const store = await Store.open({ memoryMode: true, onEvent: pinoEvents(logger) });
 * await store.close();
 * assertEquals(lines.map((line) => line.split(" ")[0]), ["open:", "close:"]);
 * ```
 */
export function pinoEvents(logger: PinoLogger): StoreListener {
  return (event) => {
    const fields = fieldsOf(event);
    logger[event.level](fields, fill(messageOf(event), fields));
  };
}
