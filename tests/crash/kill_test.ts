/**
 * A process is killed while it writes: everything it was told to be written is there,
 * and what is there is the work up to some operation, with nothing left out.
 */
import { assert, assertEquals } from "@std/assert";
import { openEngine, Store } from "../../src/store/store.ts";
import { checkBooks } from "../support/check_books.ts";
import { tempDir } from "../support/temp.ts";
import { replay } from "./workload.ts";

const KILLS = 10;

/** The child that works on a store without an end. */
function command(
  path: string,
  isSynced: boolean,
  first: number,
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-config",
      "--no-prompt",
      `--allow-read=${path}`,
      `--allow-write=${path}`,
      "tests/crash/kill_child.ts",
      path,
      isSynced ? "sync" : "flush",
      `${first}`,
    ],
    stdout: "piped",
    stderr: "piped",
  });
}

/** Lets a child work from operation `first` on and kills it; returns what it said. */
async function workAndKill(
  path: string,
  isSynced: boolean,
  first: number,
  acknowledgedMin: number,
): Promise<number[]> {
  const child = command(path, isSynced, first).spawn();
  const acknowledged: number[] = [];
  let rest = "";
  let isDoomed = false;
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    // The kill may cut the last line in two.
    rest = lines.pop()!;
    for (const line of lines) acknowledged.push(Number(line));
    if (acknowledged.length < acknowledgedMin || isDoomed) continue;
    isDoomed = true;
    setTimeout(() => child.kill("SIGKILL"), Math.random() * 20);
  }
  const [{ signal }, errors] = await Promise.all([
    child.status,
    new Response(child.stderr).text(),
  ]);
  assertEquals(signal, "SIGKILL", errors);
  return acknowledged;
}

function copyFolder(from: string, to: string): void {
  Deno.mkdirSync(to);
  for (const { name } of Deno.readDirSync(from)) {
    Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
  }
}

async function contentsOf(store: Store): Promise<Map<string, string>> {
  const decoder = new TextDecoder();
  const contents = new Map<string, string>();
  for await (const [key, value] of store.list()) {
    contents.set(decoder.decode(key), decoder.decode(value));
  }
  return contents;
}

function areEqual(a: Map<string, string>, b: Map<string, string>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}

Deno.test("killed ten times while it writes, a store has all that was acknowledged", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/data`;
  let done = 0;
  let contents = new Map<string, string>();
  let cuts = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const isSynced = kill % 2 === 0;
    const acknowledged = await workAndKill(
      path,
      isSynced,
      done + 1,
      200 + kill * 90,
    );
    const last = Math.max(...acknowledged);
    assertEquals(acknowledged.toSorted((a, b) => a - b)[0], done + 1);

    // Half of the time the next process meets the crash itself, not what came of it.
    const examined = kill % 4 < 2 ? path : `${directory.path}/copy ${kill}`;
    if (examined !== path) copyFolder(path, examined);
    const { pid } = JSON.parse(Deno.readTextFileSync(`${examined}/LOCK`));
    assert(pid !== Deno.pid, "the killed process could not give it back");
    const engine = openEngine({ path: examined, valueLogGcEnabled: false });
    checkBooks(engine);
    const store = new Store(engine);
    const found = await contentsOf(store);
    // Some operations more may have been written than were acknowledged in time.
    let upTo = last;
    let expected = replay(contents, done + 1, last);
    while (!areEqual(found, expected)) {
      upTo++;
      assert(
        upTo < last + 5000,
        `kill ${kill}: not the work up to ${last} or later`,
      );
      expected = replay(expected, upTo, upTo);
    }
    if (engine.recovery.bytesCut > 0) cuts++;
    await store.close();
    [done, contents] = [upTo, expected];
  }
  console.log(`${done} operations, ${KILLS} kills, ${cuts} torn tails`);
});

Deno.test("while a process holds a store, another is refused and told who holds it", async () => {
  await using directory = tempDir();
  await using store = await Store.open(directory.path);
  const { success, stdout, stderr } = await command(directory.path, false, 1)
    .output();
  assertEquals([success, stdout.length], [false, 0]);
  const message = new TextDecoder().decode(stderr);
  assert(message.includes(`process ${Deno.pid} (deno) holds it`), message);
  await store.set("k", "v");
  assert(store.has("k"));
});
