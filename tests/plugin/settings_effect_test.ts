/**
 * Every setting has an effect one can see: in the statistics, in the segments, or in
 * the files on disk. Each test runs an instance with the setting one way and another.
 */
import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertRejects,
} from "@std/assert";
import { CorruptionError } from "../../src/errors.ts";
import { Badger, type BadgerConfig, kv } from "../../src/plugin/mod.ts";
import { SETTING_RULES } from "../../src/plugin/settings.ts";
import type { KeySpace } from "../../src/store/key_space.ts";
import { tempDir } from "../support/temp.ts";

const tested = new Set<string>();

interface Run {
  badger: Badger;
  /** A bucket to write to. */
  space: KeySpace;
  path: string;
}

/** Tests the effect of one setting; `start` starts an instance in a new directory. */
function effectOf(
  setting: string,
  effect: string,
  body: (
    observe: <T>(
      config: BadgerConfig,
      look: (run: Run) => T | Promise<T>,
    ) => Promise<T>,
  ) => Promise<void>,
): void {
  tested.add(setting);
  Deno.test(`effect of ${setting}: ${effect}`, async () => {
    await body(async (config, look) => {
      await using directory = tempDir();
      const path = `${directory.path}/data`;
      await using badger = await Badger.start(
        { path, value_log_gc_enabled: false, ...config },
        { env: () => undefined },
      );
      return await look({ badger, path, space: await badger.bucket("b") });
    });
  });
}

/** Writes `count` keys with values of `bytes` bytes, all in one turn. */
function fill(space: KeySpace, count: number, bytes = 1000): void {
  const value = new Uint8Array(bytes).fill(7);
  for (let i = 0; i < count; i++) space.setSync(`key ${i}`, value);
}

/** Gives timers and background work their turn. */
function pause(milliseconds = 20): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function filesIn(path: string, extension: string): string[] {
  try {
    return [...Deno.readDirSync(path)].map(({ name }) => name)
      .filter((name) => name.endsWith(extension));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

effectOf("path", "the files are there", async (observe) => {
  await observe({}, ({ space, path }) => {
    fill(space, 1);
    assertEquals(filesIn(path, ".vlog"), ["0000000001.vlog"]);
  });
});

effectOf("enabled", "false opens and registers nothing", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/data`;
  await using badger = await Badger.start({ enabled: false, path });
  assertEquals([badger.isOpen, kv.has("badger")], [false, false]);
  assertEquals(filesIn(path, ""), []);
});

effectOf(
  "single_bucket_mode",
  "one directory, or one a bucket",
  async (observe) => {
    const count = (single_bucket_mode: boolean) =>
      observe({ single_bucket_mode }, async ({ badger, path, space }) => {
        fill(space, 1);
        await badger.kvStore.addValue("c", "k", "v");
        return [
          filesIn(path, ".vlog").length,
          filesIn(`${path}/bucket-b`, ".vlog").length,
          filesIn(`${path}/bucket-c`, ".vlog").length,
        ];
      });
    assertEquals(await count(true), [1, 0, 0]);
    assertEquals(await count(false), [0, 1, 1]);
  },
);

effectOf("memory_mode", "no file is made", async (observe) => {
  const count = (memory_mode: boolean) =>
    observe({ memory_mode }, ({ badger, path, space }) => {
      fill(space, 10);
      assertGreater(badger.stats().vlogSize, 10_000);
      return filesIn(path, ".vlog").length;
    });
  assertEquals([await count(true), await count(false)], [0, 1]);
});

effectOf(
  "sync_writes",
  "each write waits for the medium, together with others",
  async (observe) => {
    const syncs = (sync_writes: boolean) =>
      observe({ sync_writes }, async ({ badger, space }) => {
        await space.set("first", "v");
        const before = badger.stats().performance.syncs;
        for (let i = 0; i < 5; i++) await space.set(`${i}`, "v");
        const alone = badger.stats().performance.syncs;
        await Promise.all(
          Array.from({ length: 100 }, (_, i) => space.set(`${i}`, "v")),
        );
        return [alone - before, badger.stats().performance.syncs - alone];
      });
    assertEquals(await syncs(false), [0, 0]);
    const [alone, together] = await syncs(true);
    assertEquals(alone, 5);
    assertGreater(together!, 0);
    assertLess(together!, 10);
  },
);

effectOf("mem_table_size", "memtables are sealed at it", async (observe) => {
  const sealed = (mem_table_size: number) =>
    observe({ mem_table_size }, ({ badger, space }) => {
      fill(space, 700);
      return badger.stats().performance.memtablesSealed;
    });
  assertEquals(await sealed(10_485_760), 0);
  const small = await sealed(65_536);
  assert(small === 10 || small === 11, `${small} sealed`);
  assertEquals(await sealed(131_072), 5);
});

effectOf(
  "num_mem_tables",
  "that many sealed memtables serve reads from memory",
  async (observe) => {
    const run = (num_mem_tables: number) =>
      observe(
        { num_mem_tables, mem_table_size: 65_536 },
        async ({ badger, space }) => {
          fill(space, 500);
          await pause();
          const { performance, memory } = badger.stats();
          for (let i = 0; i < 500; i++) space.getSync(`key ${i}`);
          const hits = badger.stats().performance.memtableHits -
            performance.memtableHits;
          return { hits, bytes: memory.memtableBytes };
        },
      );
    const few = await run(1);
    const many = await run(8);
    assertEquals(many.hits, 500);
    assertLess(few.hits, 200);
    assertGreater(many.bytes, few.bytes + 5 * 65_536);
  },
);

effectOf(
  "value_log_file_size",
  "segments are rotated at it",
  async (observe) => {
    const run = (value_log_file_size: number) =>
      observe({ value_log_file_size }, ({ badger, path, space }) => {
        fill(space, 3000, 1100);
        const segments = badger.store.segments();
        for (const { bytes } of segments) {
          assert(bytes <= value_log_file_size);
        }
        assertEquals(filesIn(path, ".vlog").length, segments.length);
        assertEquals(badger.stats().performance.rotations, segments.length - 1);
        return segments.length;
      });
    assertEquals(await run(1_048_576), 4);
    assertEquals(await run(1_073_741_823), 1);
  },
);

effectOf(
  "value_log_max_entries",
  "segments are rotated at it",
  async (observe) => {
    const run = (value_log_max_entries: number) =>
      observe({ value_log_max_entries }, ({ badger, space }) => {
        fill(space, 99, 1);
        const segments = badger.store.segments();
        assert(
          segments.every(({ records }) => records <= value_log_max_entries),
        );
        return segments.length;
      });
    assertEquals(await run(1_000_000), 1);
    // With the name of the bucket there are 100 records.
    assertEquals(await run(10), 10);
    assertEquals(await run(1), 100);
  },
);

effectOf(
  "value_threshold",
  "values of that size go straight to the value log",
  async (observe) => {
    const run = (value_threshold: number, bytes: number) =>
      observe({ value_threshold }, ({ badger, space }) => {
        fill(space, 10, bytes);
        const { directWrites } = badger.stats().performance;
        assertEquals(space.getSync("key 9"), new Uint8Array(bytes).fill(7));
        return directWrites;
      });
    assertEquals(await run(1000, 999), 0);
    assertEquals(await run(1000, 1000), 10);
    assertEquals(await run(1_048_576, 1_048_576), 10);
  },
);

effectOf(
  "num_level0_tables",
  "that many level-0 tables start their writing to the hint file",
  async (observe) => {
    const written = (num_level0_tables: number) =>
      observe(
        {
          num_level0_tables,
          num_level0_tables_stall: 64,
          mem_table_size: 65_536,
        },
        async ({ badger, path, space }) => {
          fill(space, 250); // seals three memtables
          await pause();
          const { performance, lsmSize } = badger.stats();
          assertEquals(performance.memtablesSealed, 3);
          assertEquals(performance.stalls, 0);
          assertEquals(lsmSize > 0, performance.level0TablesWritten > 0);
          assertEquals(filesIn(path, ".hint").length > 0, lsmSize > 0);
          return performance.level0TablesWritten;
        },
      );
    assertEquals(
      [await written(1), await written(3), await written(4)],
      [3, 3, 0],
    );
  },
);

effectOf("num_level0_tables_stall", "writers wait at it", async (observe) => {
  const stalls = (num_level0_tables_stall: number) =>
    observe(
      { num_level0_tables_stall, mem_table_size: 65_536 },
      ({ badger, space }) => {
        fill(space, 420); // seals six memtables in one turn
        const { performance } = badger.stats();
        assertEquals(performance.memtablesSealed, 6);
        return performance.stalls;
      },
    );
  assertEquals([await stalls(2), await stalls(3), await stalls(128)], [
    3,
    2,
    0,
  ]);
});

/** Makes garbage: the same few keys again and again, over several segments. */
function churn(space: KeySpace): void {
  for (let round = 0; round < 20; round++) fill(space, 50);
}

effectOf(
  "value_log_gc_enabled",
  "garbage is collected by itself, or only when asked",
  async (observe) => {
    const run = (value_log_gc_enabled: boolean) =>
      observe({
        value_log_gc_enabled,
        value_log_gc_interval_in_seconds: 1,
        value_log_max_entries: 100,
      }, async ({ badger, space }) => {
        churn(space);
        const before = badger.stats().vlogSize;
        await pause(1300);
        const { gc, vlogSize } = badger.stats();
        return [gc.runs > 0, vlogSize < before / 2];
      });
    assertEquals(await run(true), [true, true]);
    assertEquals(await run(false), [false, false]);
  },
);

effectOf(
  "value_log_gc_interval_in_seconds",
  "is the time from start to run",
  async (observe) => {
    const runs = (value_log_gc_interval_in_seconds: number) =>
      observe(
        { value_log_gc_enabled: true, value_log_gc_interval_in_seconds },
        async ({ badger, space }) => {
          fill(space, 10);
          await pause(1300);
          return badger.stats().gc.runs;
        },
      );
    assertEquals([await runs(1), await runs(120)], [1, 0]);
  },
);

effectOf(
  "value_log_gc_discard_ratio",
  "segments below it are left alone",
  async (observe) => {
    const run = (value_log_gc_discard_ratio: number) =>
      observe(
        { value_log_gc_discard_ratio, value_log_max_entries: 101 },
        async ({ badger, space }) => {
          fill(space, 100); // fills the first segment, with the bucket's name
          for (let i = 0; i < 60; i++) space.setSync(`key ${i}`, "x");
          const [first] = badger.store.segments();
          assert(first!.discardRatio > 0.55 && first!.discardRatio < 0.65);
          const report = await badger.gc();
          return report.segmentsRewritten;
        },
      );
    assertEquals([await run(0.5), await run(0.7)], [1, 0]);
  },
);

effectOf(
  "block_cache_size",
  "keeps what was read from files",
  async (observe) => {
    const run = (block_cache_size: number) =>
      observe({ block_cache_size, mem_table_size: 65_536 }, async (
        { badger, space },
      ) => {
        fill(space, 500);
        await badger.store.flush();
        for (let round = 0; round < 2; round++) {
          for (let i = 0; i < 200; i++) space.getSync(`key ${i}`);
        }
        const { memory, performance } = badger.stats();
        return [memory.cacheBytes > 0, performance.cacheHits > 200];
      });
    assertEquals(await run(0), [false, false]);
    assertEquals(await run(1_048_576), [true, true]);
  },
);

effectOf("compression", "makes values take less room", async (observe) => {
  const run = (compression: "none" | "deflate") =>
    observe({ compression }, async ({ badger, space }) => {
      await space.set("key", "again and ".repeat(1000));
      return badger.stats().vlogSize;
    });
  assert(await run("none") > 10_000);
  assert(await run("deflate") < 1000);
});

effectOf(
  "compression_threshold",
  "leaves shorter values as they are",
  async (observe) => {
    const run = (compression_threshold: number) =>
      observe(
        { compression: "deflate", compression_threshold },
        async ({ badger, space }) => {
          await space.set("key", "again and ".repeat(1000));
          return badger.stats().vlogSize;
        },
      );
    assert(await run(10_001) > 10_000);
    assert(await run(10_000) < 1000);
  },
);

effectOf("recovery", "a torn tail is cut, or refused", async () => {
  await using directory = tempDir();
  const { path } = directory;
  const start = (recovery: "strict" | "tail") =>
    Badger.start({ path, recovery }, { env: () => undefined });
  {
    await using badger = await start("tail");
    await badger.kvStore.addValue("bucket", "key", "value");
  }
  const file = `${path}/0000000001.vlog`;
  const { size } = Deno.statSync(file);
  Deno.writeTextFileSync(file, "torn", { append: true });
  const error = await assertRejects(() => start("strict"), CorruptionError);
  assertEquals(error.offset, size);
  await using badger = await start("tail");
  assertEquals(badger.store.recovery.bytesCut, 4);
  assertEquals(Deno.statSync(file).size, size);
});

Deno.test("effect: every setting there is has such a test", () => {
  assertEquals(
    [...tested].sort(),
    SETTING_RULES.map(({ yaml }) => yaml).sort(),
  );
});
