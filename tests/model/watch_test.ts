/**
 * Watches that are behind, over collections, rotations and reopens: each commit comes
 * once and in order, or the watch says that it cannot go on.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { StoreError, type WatchedCommit } from "../../mod.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { FixedHost } from "../support/fixed_host.ts";
import { tempDir } from "../support/temp.ts";

const SETTINGS = {
  path: "/watch",
  memTableSize: 65_536,
  valueLogMaxEntries: 10,
  valueLogGcEnabled: false,
};

const anyStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("commit" as const),
      keys: fc.array(fc.nat(8), { minLength: 1, maxLength: 4 }),
      isDelete: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("collect" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("watch" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("read" as const),
      count: fc.nat(6),
    }),
  },
);

interface Seen {
  reader: ReadableStreamDefaultReader<WatchedCommit>;
  /** How many commits had been made when it began, and were read since. */
  at: number;
}

function show({ versionstamp, changes }: WatchedCommit): string {
  const text = changes.map(({ key, value }) =>
    `${new TextDecoder().decode(key)}=${
      value === undefined ? "-" : new TextDecoder().decode(value)
    }`
  );
  return `${Number.parseInt(versionstamp, 16)}: ${text.join(" ")}`;
}

Deno.test("a watch tells of every commit whatever is collected meanwhile", async () => {
  let resumed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyStep, { minLength: 5, maxLength: 60, size: "max" }),
      async (steps) => {
        const host = new FixedHost();
        let store = new Store(openEngine(SETTINGS, host));
        const commits: string[] = [];
        let stamps: string[] = [];
        let watches: Seen[] = [];
        for (const [number, step] of steps.entries()) {
          if (step.do === "commit") {
            const operation = store.atomic();
            const told: string[] = [];
            // An atomic operation writes each key once, in the order of its first.
            for (const key of new Set(step.keys)) {
              const isThere = store.has(`${key}`);
              if (!step.isDelete) {
                operation.set(`${key}`, `${number}`);
                told.push(`${key}=${number}`);
              } else if (isThere) {
                operation.delete(`${key}`);
                told.push(`${key}=-`);
              }
            }
            const result = await operation.commit();
            assert(result.ok);
            if (told.length === 0) continue;
            stamps.push(result.versionstamp);
            const version = Number.parseInt(result.versionstamp, 16);
            commits.push(`${version}: ${told.join(" ")}`);
          } else if (step.do === "collect") {
            await store.gc({ discardRatio: 0.05 });
          } else if (step.do === "reopen") {
            await store.close();
            store = new Store(openEngine(SETTINGS, host));
            watches = [];
          } else if (step.do === "watch") {
            watches.push({
              reader: store.watch().getReader(),
              at: commits.length,
            });
          } else {
            for (const watch of watches) {
              for (let i = 0; i < step.count; i++) {
                if (watch.at === commits.length) break;
                const { value } = await watch.reader.read();
                assertEquals(show(value!), commits[watch.at++]);
              }
            }
          }
        }
        for (const watch of watches) {
          while (watch.at < commits.length) {
            const { value } = await watch.reader.read();
            assertEquals(show(value!), commits[watch.at++]);
          }
          await watch.reader.cancel();
        }
        // From each versionstamp on: either all that came after it, or an error.
        stamps = stamps.slice(-15);
        for (const [at, since] of stamps.entries()) {
          let reader;
          try {
            reader = store.watch({ since }).getReader();
          } catch (error) {
            assert(error instanceof StoreError && error.code === "TOO_OLD");
            continue;
          }
          resumed++;
          const rest = commits.slice(commits.length - stamps.length + at + 1);
          for (const expected of rest) {
            assertEquals(show((await reader.read()).value!), expected);
          }
          await reader.cancel();
        }
        await store.close();
      },
    ),
    { numRuns: 200 },
  );
  assert(resumed > 100);
});

Deno.test("what a watch holds on disk is bounded, and given back", async () => {
  await using directory = tempDir();
  await using store = await Store.open({
    ...SETTINGS,
    valueLogMaxEntries: 50,
    path: directory.path,
  });
  const bytesOnDisk = () =>
    [...Deno.readDirSync(directory.path)]
      .filter(({ name }) => name.endsWith(".vlog")).length;
  const patient = store.watch();
  const strict = store.watch({ heldBytesMax: 10_000 });
  for (let i = 0; i < 500; i++) await store.set("key", `${i}`.padEnd(1000));
  await store.gc({ discardRatio: 0.1 });
  await store.set("key", "last");
  const error = await assertRejects(
    () => strict.getReader().read(),
    StoreError,
    "at most 10000 are",
  );
  assertEquals(error.code, "TOO_OLD");
  let seen = 0;
  for await (const { changes } of patient) {
    const text = new TextDecoder().decode(changes[0]!.value).trim();
    if (text === "last") break;
    assertEquals(text, `${seen++}`);
  }
  assertEquals(seen, 500);
  assert(bytesOnDisk() < 4);
  const since = "1".padStart(20, "0");
  assertEquals(
    assertThrows(() => store.watch({ since }), StoreError).code,
    "TOO_OLD",
  );
});
