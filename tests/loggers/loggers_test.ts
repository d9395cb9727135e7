/** Events through real loggers: LogTape, pino and the console. */
import { assertEquals } from "@std/assert";
import { configure, getLogger, type LogRecord, reset } from "@logtape/logtape";
import { logTapeEvents } from "../../mod.ts";
import { runTests } from "../support/run_tests.ts";
import { PATH, TOLD, work } from "./work.ts";

async function recordsFrom(
  lowestLevel: "debug" | "warning",
): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  await configure({
    sinks: { memory: (record) => void records.push(record) },
    loggers: [
      { category: ["app", "badger"], lowestLevel, sinks: ["memory"] },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  try {
    await work(logTapeEvents(getLogger(["app", "badger"])));
  } finally {
    await reset();
  }
  return records;
}

Deno.test("LogTape: a record each, with the fields as properties and in the message", async () => {
  const records = await recordsFrom("debug");
  assertEquals(records.map(({ properties }) => properties.type), TOLD);
  for (const { message, properties, rawMessage } of records) {
    assertEquals(properties.path, PATH);
    assertEquals("level" in properties, false);
    assertEquals(message.includes(undefined), false, String(rawMessage));
    // What a path has in braces is no place for a field.
    assertEquals(message.includes(PATH), true, String(rawMessage));
  }
  const levels = new Set(records.map(({ level }) => level));
  assertEquals(levels, new Set(["warning", "info", "debug", "error"]));
  const { level, rawMessage } = records.at(-2)!;
  assertEquals(level, "error");
  assertEquals(
    rawMessage,
    "No more writes to {path}, close and reopen it: {error}",
  );
});

Deno.test("LogTape: its level decides what is recorded", async () => {
  const records = await recordsFrom("warning");
  assertEquals(
    records.map(({ properties }) => properties.type),
    ["recovery", "poison", "close"],
  );
});

Deno.test("loggers: the console will do", async () => {
  const { debug, info, warn, error } = console;
  const calls: unknown[][] = [];
  for (const level of ["debug", "info", "warn", "error"] as const) {
    console[level] = (...data) => void calls.push([level, ...data]);
  }
  try {
    await work(logTapeEvents(console));
  } finally {
    Object.assign(console, { debug, info, warn, error });
  }
  assertEquals(calls.length, TOLD.length);
  assertEquals(calls[1]!.length, 3);
});

Deno.test("pino: its tests pass where it may read what it wants to", async () => {
  await runTests("tests/loggers/pino.ts", [
    "--allow-env",
    "--allow-sys=hostname",
  ]);
});
