/** One holder a directory: who is refused, and whose name is taken over. */
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { StoreError } from "../../src/errors.ts";
import { lockDirectory } from "../../src/fs/directory_lock.ts";
import { Store } from "../../src/store/store.ts";
import { tempDir } from "../support/temp.ts";

const TOKEN = "00000000-0000-4000-8000-000000000000";

function names(path: string): string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => name).toSorted();
}

function refusal(path: string): StoreError {
  const error = assertThrows(() => lockDirectory(path), StoreError);
  assertEquals(error.code, "LOCKED");
  assertEquals(error.path, path);
  return error;
}

Deno.test("lock: says who holds the directory, and goes when given back", async () => {
  await using directory = tempDir();
  const lock = lockDirectory(directory.path);
  const holder = JSON.parse(Deno.readTextFileSync(`${directory.path}/LOCK`));
  assertEquals([holder.pid, holder.runtime], [Deno.pid, "deno"]);
  assertMatch(holder.token, /^[0-9a-f-]{36}$/);
  lock.release();
  lock.release();
  assertEquals(names(directory.path), ["LOCK.os"]);
  lockDirectory(directory.path).release();
});

Deno.test("lock: a second one in this process is refused, however the path is written", async () => {
  await using directory = tempDir();
  const { path } = directory;
  const lock = lockDirectory(path);
  for (
    const spelling of [path, `${path}/`, `${path}/../${path.split("/").at(-1)}`]
  ) {
    assertStringIncludes(refusal(spelling).message, "this process holds it");
  }
  lock.release();
});

Deno.test("lock: two stores in one process", async () => {
  await using directory = tempDir();
  await using store = await Store.open(directory.path);
  await store.set("k", "v");
  const error = await assertRejects(
    () => Store.open(directory.path),
    StoreError,
  );
  assertEquals(error.code, "LOCKED");
  assert(store.has("k"));
  await store.close();
  await using again = await Store.open(directory.path);
  assert(again.has("k"));
});

Deno.test("lock: a failed open gives the directory back", async () => {
  await using directory = tempDir();
  Deno.writeTextFileSync(`${directory.path}/0000000001.vlog`, "x".repeat(99));
  for (let i = 0; i < 2; i++) {
    const error = await assertRejects(
      () => Store.open(directory.path),
      StoreError,
    );
    assertEquals(error.code, "CORRUPT");
  }
});

Deno.test("lock: the name of the dead is taken over", async (t) => {
  const dead = {
    "of a Deno process that is gone": { pid: 999_999_999, runtime: "deno" },
    // The kernel's lock, not the number, tells that this is another process.
    "of a Deno process whose number another has": { pid: 1, runtime: "deno" },
    "of another runtime with our number": { pid: Deno.pid, runtime: "node" },
  };
  for (const [name, holder] of Object.entries(dead)) {
    await t.step(name, async () => {
      await using directory = tempDir();
      const path = `${directory.path}/LOCK`;
      Deno.writeTextFileSync(path, JSON.stringify({ ...holder, token: TOKEN }));
      const lock = lockDirectory(directory.path);
      assertEquals(JSON.parse(Deno.readTextFileSync(path)).pid, Deno.pid);
      refusal(directory.path);
      lock.release();
      assertEquals(names(directory.path), ["LOCK.os"]);
    });
  }
});

Deno.test("lock: what cannot be known to be dead is refused by name", async () => {
  await using directory = tempDir();
  const text = JSON.stringify({ pid: 1, runtime: "node", token: TOKEN });
  Deno.writeTextFileSync(`${directory.path}/LOCK`, text);
  const { message } = refusal(directory.path);
  assertStringIncludes(message, "process 1 (node) holds it");
  assertStringIncludes(message, `remove ${directory.path}/LOCK`);
  assertEquals(Deno.readTextFileSync(`${directory.path}/LOCK`), text);
});

Deno.test("lock: garbage in LOCK is refused and left as it is", async () => {
  await using directory = tempDir();
  const garbage = [
    "",
    "\n",
    "garbage",
    "null",
    "5",
    "[]",
    "{}",
    '{"pid":1}',
    '{"pid":"1","token":"x"}',
    `{"token":"${TOKEN}"}`,
    '{"pid":1.5,"token":"x"}',
    "\u0000".repeat(100),
  ];
  for (const text of garbage) {
    Deno.writeTextFileSync(`${directory.path}/LOCK`, text);
    assertStringIncludes(refusal(directory.path).message, "another process");
    assertEquals(Deno.readTextFileSync(`${directory.path}/LOCK`), text);
  }
  Deno.removeSync(`${directory.path}/LOCK`);
  lockDirectory(directory.path).release();
});

Deno.test("lock: a name that is no longer ours is not removed", async () => {
  await using directory = tempDir();
  const lock = lockDirectory(directory.path);
  const theirs = JSON.stringify({ pid: 1, runtime: "node", token: TOKEN });
  Deno.writeTextFileSync(`${directory.path}/LOCK`, theirs);
  lock.release();
  assertEquals(Deno.readTextFileSync(`${directory.path}/LOCK`), theirs);
});

Deno.test("lock: what is left of locking is removed after a minute, nothing else", async () => {
  await using directory = tempDir();
  const old = [`LOCK.${TOKEN}.tmp`, `LOCK.${TOKEN}.dead.tmp`];
  const kept = ["LOCK.notes.tmp", "LOCKSMITH.tmp", "a.LOCK.tmp", "lock.tmp"];
  const young = `LOCK.${TOKEN.replace("4", "5")}.tmp`;
  for (const name of [...old, ...kept, young]) {
    Deno.writeTextFileSync(`${directory.path}/${name}`, "");
  }
  const before = new Date(Date.now() - 120_000);
  for (const name of [...old, ...kept]) {
    Deno.utimeSync(`${directory.path}/${name}`, before, before);
  }
  lockDirectory(directory.path).release();
  assertEquals(
    names(directory.path),
    [...kept, young, "LOCK.os"].toSorted(),
  );
});

Deno.test("lock: a directory that is not there is an error of its own", () => {
  const error = assertThrows(() => lockDirectory("./.tmp/nowhere"), StoreError);
  assertEquals(error.code, "IO");
  assertEquals(error.path, "./.tmp/nowhere");
});
