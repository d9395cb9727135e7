/**
 * What the demonstration shows: progress, segments, figures.
 *
 * @module
 */

import type { SegmentInfo } from "@sett/badger";
import cliProgress from "cli-progress";
import Table from "cli-table3";

/** Shows how far a step is: a bar on a terminal, a line a quarter elsewhere. */
export class Progress {
  readonly #label: string;
  readonly #total: number;
  readonly #start = performance.now();
  readonly #bar: cliProgress.SingleBar | undefined;
  #done = 0;

  /** Starts at 0 of `total`. */
  constructor(label: string, total: number) {
    this.#label = label;
    this.#total = total;
    if (Deno.stdout.isTerminal()) {
      const format = `${label} [{bar}] {value}/{total}`;
      this.#bar = new cliProgress.SingleBar(
        { format, stream: process.stdout, clearOnComplete: true },
        cliProgress.Presets.legacy,
      );
      this.#bar.start(total, 0);
    }
  }

  /** Goes on by `count`. */
  add(count: number): void {
    const before = this.#done;
    this.#done += count;
    this.#bar?.update(this.#done);
    const quarter = (done: number) => Math.floor(done * 4 / this.#total);
    const isLine = this.#bar === undefined && this.#done < this.#total &&
      quarter(this.#done) > quarter(before);
    if (isLine) {
      console.log(`${this.#label}: ${this.#done} of ${this.#total}`);
    }
  }

  /** Ends the step and tells how long it took. */
  end(what: string): void {
    this.#bar?.stop();
    const seconds = (performance.now() - this.#start) / 1000;
    console.log(`${this.#label}: ${what} in ${seconds.toFixed(1)} s`);
  }
}

/** A count with separators. */
export function count(number: number): string {
  return number.toLocaleString("en-US");
}

/** Prints the segments of a store as a table. */
export function printSegments(title: string, segments: SegmentInfo[]): void {
  const table = new Table({
    head: ["segment", "records", "bytes", "live", "dead", "discard ratio"],
    colAligns: ["left", "right", "right", "right", "right", "right"],
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  for (const segment of segments) {
    table.push([
      segment.active ? `${segment.id} (active)` : segment.id,
      count(segment.records),
      count(segment.bytes),
      count(segment.liveBytes),
      count(segment.deadBytes),
      segment.discardRatio.toFixed(2),
    ]);
  }
  console.log(`${title}\n${table}`);
}
