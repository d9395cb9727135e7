/**
 * Runs the suite that abstract-level ships over the packed artefact, in memory and on
 * disk. The last line is "N passed, N failed".
 */
import { rmSync } from "node:fs";
import { SettLevel } from "@sett/badger/level";

// These are installed beside the packed artefact, and nowhere else.
const load = (name) => import(name);
const { default: suite } = await load("abstract-level/test/index.js");
const { default: tape } = await load("tape");

const base = "data/level";
rmSync(base, { recursive: true, force: true });

let made = 0;
let passed = 0;
let failed = 0;
let name = "";

tape.createStream({ objectMode: true }).on("data", (row) => {
  if (row.type === "test") name = row.name;
  if (row.type !== "assert") return;
  if (row.skip) console.log(`skipped: ${name}: ${row.name}`);
  else if (row.ok) passed++;
  else {
    failed++;
    console.log(`failed: ${name}: ${row.name}`, row.error);
  }
});

suite({
  test: tape,
  factory: (options) =>
    new SettLevel(`${base}/memory-${made++}`, {
      ...options,
      store: { memoryMode: true },
    }),
});
suite({
  test: tape,
  factory: (options) => new SettLevel(`${base}/disk-${made++}`, options),
});

tape.onFinish(() => {
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
});
