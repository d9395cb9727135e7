/**
 * What overwriting costs: bytes written for each byte put, and bytes on disk for
 * each live byte, over time. For three discard ratios of the garbage collector,
 * for LevelDB and for Badger in Go, with keys chosen uniformly and by a zipfian.
 *
 * All engines are weighed from outside in the same way: bytes written as Linux
 * counts them for the process, bytes on disk as the sum of the files' blocks,
 * live bytes as keys × (key + value). Beside that stands what our store counts
 * itself, which must agree.
 *
 * `--keys` (500,000), `--value` (200), `--times` (5), `--scale`
 *
 * @module
 */

import { Store } from "@sett/badger";
import { badgerVersion, hasBadgerPeer, openBadgerPeer } from "./badger_peer.ts";
import { directoryBytes, emptyDirectory } from "./data_directory.ts";
import { hasFlag, numberFlag, scaled, textFlag } from "./flags.ts";
import { lineWith, runFresh } from "./fresh_process.ts";
import { hasLevelPeer, openLevelPeer } from "./level_peer.ts";
import {
  emit,
  emitBars,
  emitLines,
  fixed,
  grouped,
  heading,
  inBytes,
  paragraph,
  picture,
  table,
} from "./report.ts";
import { type WrittenBytes, writtenBytes } from "./system_counters.ts";
import {
  chooser,
  type Distribution,
  KEY_BYTES,
  keyOf,
  ValuePool,
  ZIPFIAN_THETA,
} from "./workload.ts";

const DISTRIBUTIONS: Distribution[] = ["uniform", "zipfian"];
const RATIOS = [0.3, 0.5, 0.7];
const SEGMENT_BYTES = 16 << 20;
const BATCH = 1000;
const SAMPLES = 100;
/** Badger collects by the clock alone, which the plugin sets to two minutes. */
const BADGER_GC_SECONDS = 1;

/** A store that is overwritten. */
interface Target {
  put(entries: [string, Uint8Array][]): Promise<void>;
  close(): Promise<void>;
  /** What its process has written; that of ours by default. */
  writtenBytes?(): WrittenBytes | undefined;
  /** Ends a process of its own. */
  end?(): Promise<void>;
  /** What the store itself says it appended to its value log. */
  appendedBytes(): Promise<number | undefined>;
}

async function openOurs(path: string, ratio: number): Promise<Target> {
  const store = await Store.open({
    path,
    valueLogFileSize: SEGMENT_BYTES,
    valueLogGcDiscardRatio: ratio,
  });
  return {
    async put(entries) {
      let done: Promise<void> | undefined;
      for (const [key, value] of entries) done = store.set(key, value);
      await done;
      // The collector works between turns of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
    },
    close: () => store.close(),
    async appendedBytes() {
      // A segment that is being settled is in neither figure. This waits for the
      // run under way, and finds next to nothing to do itself.
      await store.gc({ discardRatio: 0.999999 });
      const { vlogSize, gc } = store.stats();
      return vlogSize + gc.bytesReclaimed;
    },
  };
}

async function openLevel(path: string): Promise<Target> {
  const level = await openLevelPeer(path);
  return {
    put: (entries) =>
      level.batch(
        entries.map(([key, value]) => ({ type: "put", key, value })),
      ),
    close: () => level.close(),
    appendedBytes: () => Promise.resolve(undefined),
  };
}

function openBadger(path: string): Target {
  const badger = openBadgerPeer(path, {
    valueLogFileSize: SEGMENT_BYTES,
    valueLogGcSeconds: BADGER_GC_SECONDS,
  });
  return {
    put: (entries) => badger.batch(entries),
    close: () => badger.close(),
    writtenBytes: () => writtenBytes(badger.pid),
    end: () => badger.end(),
    appendedBytes: () => Promise.resolve(undefined),
  };
}

function openTarget(engine: string, path: string): Target | Promise<Target> {
  if (engine === "level") return openLevel(path);
  if (engine === "badger") return openBadger(path);
  return openOurs(path, Number(engine));
}

/** What one process measured. */
interface Measured {
  /** Bytes of keys and values put while overwriting. */
  putBytes: number;
  /** Bytes written meanwhile, up to the end of the close. */
  written: WrittenBytes | undefined;
  /** The same by the store's own count, without hints and index snapshot. */
  appended: number | undefined;
  /** Data sets overwritten, bytes on disk / live bytes. */
  space: [number, number][];
  /** The same after the close. */
  spaceAtEnd: number;
  seconds: number;
}

async function measure(
  engine: string,
  distribution: Distribution,
  keys: number,
  valueBytes: number,
  times: number,
): Promise<Measured> {
  const path = emptyDirectory(`amplification-${engine}-${distribution}`);
  const target = await openTarget(engine, path);
  const countWritten = target.writtenBytes ?? writtenBytes;
  const values = new ValuePool(valueBytes);
  const entryBytes = KEY_BYTES + valueBytes;
  const liveBytes = keys * entryBytes;
  const writeBatch = (first: number, end: number, choose: () => number) => {
    const entries: [string, Uint8Array][] = [];
    for (let i = first; i < end; i++) {
      entries.push([keyOf(choose()), values.next()]);
    }
    return target.put(entries);
  };
  let loaded = 0;
  while (loaded < keys) {
    const end = Math.min(keys, loaded + BATCH);
    await writeBatch(loaded, end, () => loaded++);
  }
  const appendedBefore = await target.appendedBytes();
  const before = countWritten();
  const start = performance.now();
  const space: [number, number][] = [[0, directoryBytes(path) / liveBytes]];
  const choose = chooser(distribution, keys, 23);
  const total = keys * times;
  for (let i = 0; i < total;) {
    const end = Math.min(total, i + BATCH);
    await writeBatch(i, end, choose);
    i = end;
    if (i >= space.length * total / SAMPLES) {
      const ratio = directoryBytes(path) / liveBytes;
      space.push([i / keys, Math.round(ratio * 1000) / 1000]);
    }
  }
  const seconds = (performance.now() - start) / 1000;
  const appendedAfter = await target.appendedBytes();
  await target.close();
  const after = countWritten();
  await target.end?.();
  return {
    putBytes: total * entryBytes,
    written: before && after && {
      calls: after.calls - before.calls,
      medium: after.medium - before.medium,
    },
    appended: appendedBefore === undefined
      ? undefined
      : appendedAfter! - appendedBefore,
    space,
    spaceAtEnd: directoryBytes(path) / liveBytes,
    seconds,
  };
}

async function main(): Promise<void> {
  const keys = scaled("keys", 500_000);
  const valueBytes = numberFlag("value", 200);
  const times = numberFlag("times", 5);
  if (hasFlag("engine")) {
    const distribution = textFlag("distribution", "uniform") as Distribution;
    const engine = textFlag("engine", "");
    emit({
      measured: await measure(engine, distribution, keys, valueBytes, times),
    });
    return;
  }
  heading("Write and space amplification");
  paragraph(
    `${
      grouped(keys)
    } keys of ${KEY_BYTES} bytes with values of ${valueBytes} ` +
      `that do not compress (${inBytes(keys * (KEY_BYTES + valueBytes))}), ` +
      `then ${times} times as many overwrites, uniform or zipfian (θ ` +
      `${ZIPFIAN_THETA}). Segments of ${
        inBytes(SEGMENT_BYTES)
      }, the collector ` +
      `on; LevelDB with its defaults, a thousand puts a batch.`,
  );
  const engines = [...RATIOS.map(String)];
  if (hasLevelPeer()) engines.push("level");
  else tellMissing("classic-level is not installed", "installs it");
  if (hasBadgerPeer()) {
    engines.push("badger");
    paragraph(
      `Badger in Go ${await badgerVersion()}: the plugin's settings, but value ` +
        `logs of ${
          inBytes(SEGMENT_BYTES)
        } as Sett's segments and a collection ` +
        `each ${BADGER_GC_SECONDS} s at a discard ratio of 0.5; its process ` +
        "gets the same puts through a pipe, a thousand a batch.",
    );
  } else tellMissing("Badger in Go is not built", "does where Go is");
  const results = new Map<string, Measured>();
  for (const distribution of DISTRIBUTIONS) {
    for (const engine of engines) {
      const args = ["--engine", engine, "--distribution", distribution];
      args.push("--keys", String(keys), "--value", String(valueBytes));
      args.push("--times", String(times));
      const printed = await runFresh(import.meta.url, args);
      const measured = lineWith<Measured>(printed, "measured");
      emit({ engine, distribution, keys, valueBytes, ...measured });
      results.set(`${distribution} ${engine}`, measured);
    }
  }
  report(engines, results);
}

function tellMissing(what: string, how: string): void {
  const missing = `${what} (bench/peers/run.sh ${how}): NOT COMPARED`;
  console.error(missing);
  paragraph(`**${missing}.**`);
}

/** A name for people. */
function nameOf(engine: string): string {
  if (engine === "badger") return "Badger in Go";
  return engine === "level" ? "classic-level" : `Sett, ratio ${engine}`;
}

/** Bytes written for each byte put, by the calls for writing. */
function writeAmplification({ written, putBytes }: Measured): number {
  return (written?.calls ?? NaN) / putBytes;
}

function report(engines: string[], results: Map<string, Measured>): void {
  const part = (bytes: number | undefined, of: number) =>
    bytes === undefined ? "" : fixed(bytes / of);
  table(
    [
      "",
      "engine",
      "written / put",
      "to the medium / put",
      "value log / put, own count",
      "disk / live, most",
      "mean",
      "at the end",
      "seconds",
    ],
    [...results].map(([name, measured]) => {
      const [distribution, engine] = name.split(" ");
      const { putBytes, written, appended, spaceAtEnd, seconds } = measured;
      const space = measured.space.map(([, ratio]) => ratio);
      return [
        distribution!,
        nameOf(engine!),
        fixed(writeAmplification(measured)),
        part(written?.medium, putBytes),
        part(appended, putBytes),
        fixed(Math.max(...space)),
        fixed(space.reduce((a, b) => a + b, 0) / space.length),
        fixed(spaceAtEnd),
        fixed(seconds, 1),
      ];
    }),
  );
  paragraph(
    "Written: `wchar` of the process's `/proc/<pid>/io`, what the calls were " +
      "given; to the medium: `write_bytes`, pages made dirty, less those of files that were " +
      "removed before they were written. Both up to the end of the close, with " +
      "hint files and index snapshot.",
  );
  picture("amplification_writes", "Bytes written for each byte put");
  emitBars("amplification_writes", {
    title: "Write amplification of overwrites",
    unit: "bytes written / bytes put; less is better",
    categories: DISTRIBUTIONS,
    series: engines.map((engine) => ({
      name: nameOf(engine),
      values: DISTRIBUTIONS.map((distribution) =>
        writeAmplification(results.get(`${distribution} ${engine}`)!)
      ),
    })),
  });
  for (const distribution of DISTRIBUTIONS) {
    const name = `amplification_space_${distribution}`;
    picture(name, `Bytes on disk for each live byte, ${distribution}`);
    emitLines(name, {
      title: `Space amplification, ${distribution} overwrites`,
      xLabel: "bytes put / bytes of the data set",
      yLabel: "bytes on disk / live bytes; less is better",
      series: engines.map((engine) => ({
        name: nameOf(engine),
        points: results.get(`${distribution} ${engine}`)!.space,
      })),
    });
  }
}

if (import.meta.main) await main();
