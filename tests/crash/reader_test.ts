/**
 * A reader beside a process that writes, collects and is killed again and again: every
 * refresh shows the work up to some operation, at least up to the last one that was
 * acknowledged before, and nothing changes in between.
 */
import { assert, assertEquals } from "@std/assert";
import { StoreReader } from "../../mod.ts";
import { tempDir } from "../support/temp.ts";
import { replay } from "./workload.ts";

const KILLS = 6;
const REFRESHES_A_LIFE = 12;
/** Operations that may have been done beyond those that are known of. */
const AHEAD_MAX = 20_000;

/** A process that writes; it tells what is acknowledged. */
class Writer {
  acknowledged = 0;
  readonly #child: Deno.ChildProcess;
  readonly #done: Promise<void>;

  constructor(path: string, first: number) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-config",
        "--no-prompt",
        `--allow-read=${path}`,
        `--allow-write=${path}`,
        "tests/crash/kill_child.ts",
        path,
        "flush",
        `${first}`,
      ],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#done = this.#listen();
  }

  async #listen(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of this.#child.stdout) {
      const text = rest + decoder.decode(bytes, { stream: true });
      const lines = text.split("\n");
      rest = lines.pop()!;
      this.acknowledged = Math.max(this.acknowledged, ...lines.map(Number));
    }
  }

  async hasAcknowledged(count: number): Promise<void> {
    while (this.acknowledged < count) await pause();
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    assertEquals((await this.#child.status).signal, "SIGKILL");
    await this.#done;
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
}

const decoder = new TextDecoder();

async function contentsOf(reader: StoreReader): Promise<Map<string, string>> {
  const contents = new Map<string, string>();
  for await (const [key, value] of reader.list()) {
    contents.set(decoder.decode(key), decoder.decode(value));
  }
  return contents;
}

function areEqual(a: Map<string, string>, b: Map<string, string>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}

Deno.test("beside a writer that is killed, a reader shows the work up to some operation", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/data`;
  let upTo = 0;
  let expected = new Map<string, string>();
  let reader: StoreReader | undefined;
  const totals = { refreshes: 0, records: 0, removed: 0, rebuilt: 0 };

  const look = async (atLeast: number) => {
    const found = await contentsOf(reader!);
    const from = upTo;
    while (upTo < atLeast || !areEqual(found, expected)) {
      upTo++;
      assert(
        upTo < Math.max(from, atLeast) + AHEAD_MAX,
        `not the work up to ${Math.max(from, atLeast)} or later`,
      );
      expected = replay(expected, upTo, upTo);
    }
  };

  for (let kill = 0; kill < KILLS; kill++) {
    const writer = new Writer(path, upTo + 1);
    await writer.hasAcknowledged(upTo + 100);
    if (kill % 2 === 0) {
      await reader?.close();
      reader = await StoreReader.open(path);
    }
    for (let i = 0; i < REFRESHES_A_LIFE; i++) {
      const { acknowledged } = writer;
      const report = i % 3 === 0
        ? reader!.refreshSync()
        : await reader!.refresh();
      totals.refreshes++;
      totals.records += report.records;
      totals.removed += report.segmentsRemoved;
      if (report.isRebuilt) totals.rebuilt++;
      await look(acknowledged);
      using snapshot = reader!.snapshot();
      await pause();
      assert(areEqual(await contentsOf(reader!), expected));
      if (i % 4 !== 0) continue;
      await writer.hasAcknowledged(writer.acknowledged + 2000);
      reader!.refreshSync();
      for (const [key, value] of expected) {
        assertEquals(decoder.decode(snapshot.getSync(key)), value);
      }
      await look(acknowledged);
    }
    await writer.kill();
    await reader!.refresh();
    await look(writer.acknowledged);
  }
  await reader!.close();
  console.log(`${upTo} operations`, totals);
  assert(totals.removed > 0, "segments were collected");
  assertEquals(totals.rebuilt, 0);
});
