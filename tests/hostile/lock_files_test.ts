/**
 * Lock files of any content: the directory is refused with `LOCKED` or opened with
 * all that is in it, and what cannot come from a lock is left alone.
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { StoreError } from "../../src/errors.ts";
import { Store } from "../../src/store/store.ts";
import { tempDir } from "../support/temp.ts";
import { Dice } from "./dice.ts";

const encoder = new TextEncoder();

/** A pid that no process has: above the highest that Linux gives out. */
const NO_PID = 2 ** 22 + 1;

function holder(more: Record<string, unknown>): string {
  return JSON.stringify({
    pid: NO_PID,
    runtime: "node",
    token: "00000000-0000-4000-8000-000000000000",
    ...more,
  }) + "\n";
}

/** Contents of `LOCK` that are no holder's or an odd one's. */
const CONTENTS: [name: string, content: string | Uint8Array][] = [
  ["nothing", ""],
  ["a space", " "],
  ["null", "null"],
  ["a number", "17"],
  ["a list", "[]"],
  ["an empty object", "{}"],
  ["half of a holder", holder({}).slice(0, 40)],
  ["zeros", new Uint8Array(200)],
  ["ones", new Uint8Array(200).fill(255)],
  ["much", "{".repeat(1_000_000)],
  ["a holder and more", holder({}) + holder({})],
  ["pid 0", holder({ pid: 0 })],
  ["pid -1", holder({ pid: -1 })],
  ["a huge pid", holder({ pid: 1e300 })],
  ["a pid with a fraction", holder({ pid: 1.5 })],
  ["a pid that is text", holder({ pid: "1" })],
  ["a token that is a number", holder({ token: 1 })],
  ["an empty token", holder({ token: "" })],
  ["a token with a path", holder({ token: "../../evil" })],
  ["an unknown runtime", holder({ runtime: "other" })],
  ["a runtime that is an object", holder({ runtime: {} })],
  ["a world that is a number", holder({ world: 5 })],
  ["a world without a space", holder({ world: "x" })],
  ["ticks that are an object", holder({ startTicks: {} })],
  ["this process as node", holder({ pid: Deno.pid })],
  ["this process as deno", holder({ pid: Deno.pid, runtime: "deno" })],
  ["a dead deno", holder({ runtime: "deno" })],
];

/** Opens the store at `path`; true if it was refused, which leaves `LOCK` as it is. */
async function isRefused(path: string, name: string): Promise<boolean> {
  const before = Deno.readFileSync(`${path}/LOCK`);
  try {
    await using store = await Store.open(path);
    assertEquals(new TextDecoder().decode(await store.get("k")), "v", name);
    return false;
  } catch (error) {
    assertInstanceOf(error, StoreError, name);
    assertEquals([error.code, error.path], ["LOCKED", path], name);
    assertEquals(Deno.readFileSync(`${path}/LOCK`), before, name);
    return true;
  }
}

async function makeStore(path: string): Promise<void> {
  await using store = await Store.open(path);
  await store.set("k", "v");
}

Deno.test("a LOCK of any content is refused or taken over, and left as it is if refused", async () => {
  await using directory = tempDir();
  const { path } = directory;
  await makeStore(path);
  const refused: string[] = [];
  for (const [name, content] of CONTENTS) {
    const bytes = typeof content === "string"
      ? encoder.encode(content)
      : content;
    Deno.writeFileSync(`${path}/LOCK`, bytes);
    if (await isRefused(path, name)) refused.push(name);
    else assertEquals([...Deno.readDirSync(path)].some(isLock), false, name);
  }
  assert(!refused.includes("a dead deno"), "the kernel's lock proves it dead");
  assert(refused.includes("zeros"));
});

function isLock({ name }: Deno.DirEntry): boolean {
  return name === "LOCK";
}

Deno.test("a LOCK of random bytes or a changed holder is refused or taken over", async () => {
  await using directory = tempDir();
  const { path } = directory;
  await makeStore(path);
  const dice = new Dice(5);
  for (let count = 0; count < 60; count++) {
    const bytes = encoder.encode(holder({ runtime: "deno", world: "a b" }));
    for (let changes = dice.below(6); changes >= 0; changes--) {
      bytes[dice.below(bytes.length)] = dice.below(256);
    }
    const content = dice.chance(0.3) ? dice.bytes(dice.below(99)) : bytes;
    Deno.writeFileSync(`${path}/LOCK`, content);
    await isRefused(path, `LOCK number ${count}`);
  }
});

Deno.test("what lies in LOCK.os does not matter, and other LOCK files are left alone", async () => {
  await using directory = tempDir();
  const { path } = directory;
  await makeStore(path);
  const foreign = [
    "LOCK.tmp",
    "LOCK.1.tmp",
    "LOCK.00000000-0000-4000-8000-00000000000g.tmp",
  ];
  for (const name of foreign) Deno.writeTextFileSync(`${path}/${name}`, name);
  for (const content of [new Uint8Array(5000).fill(255), new Uint8Array(0)]) {
    Deno.writeFileSync(`${path}/LOCK.os`, content);
    await using store = await Store.open(path);
    assertEquals(new TextDecoder().decode(await store.get("k")), "v");
    assertEquals(Deno.readFileSync(`${path}/LOCK.os`), content);
  }
  for (const name of foreign) {
    assertEquals(Deno.readTextFileSync(`${path}/${name}`), name);
  }
});

Deno.test("a directory where LOCK or LOCK.os should be is a typed error", async () => {
  for (const name of ["LOCK", "LOCK.os"]) {
    await using directory = tempDir();
    const { path } = directory;
    await makeStore(path);
    Deno.removeSync(`${path}/LOCK.os`);
    Deno.mkdirSync(`${path}/${name}/inside`, { recursive: true });
    try {
      await using _ = await Store.open(path);
      throw new Error(`The store opened over the directory ${name}`);
    } catch (error) {
      assertInstanceOf(error, StoreError);
      assert(error.path?.startsWith(path));
    }
    Deno.removeSync(`${path}/${name}`, { recursive: true });
    await using store = await Store.open(path);
    assertEquals(new TextDecoder().decode(await store.get("k")), "v");
  }
});
