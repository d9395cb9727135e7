/**
 * Runs the suite that abstract-level ships, over the kinds of databases that are named:
 * `disk` and `memory` have a store each, `bucket` has a bucket of one open store. The
 * last line is "N passed, N failed": tests, each with its assertions.
 *
 * Plain JavaScript: it runs on Deno, Bun and Node as it stands here.
 */
import { rmSync } from "node:fs";
import process from "node:process";
import { Store } from "@sett/badger";
import { SettLevel } from "@sett/badger/level";

// On Bun and Node these are installed beside the packed artefact.
const load = (name) => import(name);
const { default: suite } = await load("abstract-level/test/index.js");
const { default: tape } = await load("tape");

const kinds = process.argv.slice(2);
const base = "data/level";
if (kinds.includes("disk")) rmSync(base, { recursive: true, force: true });
const shared = await Store.open({ memoryMode: true });

let made = 0;
const factories = {
  disk: (options) => new SettLevel(`${base}/${made++}`, options),
  memory: (options) => new SettLevel({ memoryMode: true }, options),
  bucket: (options) =>
    new SettLevel(shared, { ...options, bucket: `${made++}` }),
};

const names = new Map();
const failing = new Set();
let ended = 0;
let assertions = 0;
let skipped = 0;

tape.createStream({ objectMode: true }).on("data", (row) => {
  if (row.type === "test") names.set(row.id, row.name);
  if (row.type === "end") ended++;
  if (row.type !== "assert") return;
  assertions++;
  if (row.skip || row.todo) {
    skipped++;
    console.log(`skipped: ${names.get(row.test)}: ${row.name}`);
  } else if (!row.ok) {
    failing.add(row.test);
    console.log(`failed: ${names.get(row.test)}: ${row.name}`, row.error);
  }
});

for (const kind of kinds) suite({ test: tape, factory: factories[kind] });

tape.onFinish(() => {
  // A test that never ended has failed.
  const failed = failing.size + names.size - ended;
  console.log(`${assertions} assertions, ${skipped} skipped`);
  console.log(`${names.size - failed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
});
