/** Events through the real pino. It wants more rights than a store does. */
import { assertEquals, assertMatch } from "@std/assert";
import { pino } from "pino";
import { pinoEvents } from "../../mod.ts";
import { PATH, TOLD, work } from "./work.ts";

const LEVELS: Record<string, number> = {
  recovery: 40,
  open: 30,
  rotation: 20,
  "gc-begin": 20,
  "gc-end": 30,
  poison: 50,
  close: 40,
};

async function linesAt(level: string): Promise<string[]> {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  await work(pinoEvents(pino({ level }, destination)));
  return lines;
}

Deno.test("pino: a line of JSON each, with the event's own fields, level and message", async () => {
  const lines = await linesAt("debug");
  const told = lines.map((line) => JSON.parse(line));
  assertEquals(told.map(({ type }) => type), TOLD);
  for (const [i, event] of told.entries()) {
    const isIdle = event.type === "gc-end" && event.segmentsRewritten === 0;
    assertEquals(event.level, isIdle ? 20 : LEVELS[event.type]);
    assertEquals(event.path, PATH);
    assertEquals(typeof event.at, "number");
    assertEquals(event.msg.includes("undefined"), false, event.msg);
    // A field of the event that pino has too would be there twice.
    for (const name of ["level", "time", "pid", "hostname", "msg"]) {
      assertEquals(lines[i]!.split(`"${name}":`).length, 2, name);
    }
  }
  const [recovery, opened] = told;
  assertEquals(recovery.bytesCut, 3);
  assertMatch(
    opened.msg,
    /^Opened \/logged\/\{keys\} %s %d: 1 keys in 1 segments, from log in [\d.]+ ms$/,
  );
});

Deno.test("pino: its level decides what is written", async () => {
  const told = (await linesAt("warn")).map((line) => JSON.parse(line).type);
  assertEquals(told, ["recovery", "poison", "close"]);
});
