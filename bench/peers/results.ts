/**
 * What was measured, and the medians of it.
 *
 * @module
 */

import { PEERS, type RuntimeName } from "./peers.ts";
import type { Row } from "./targets.ts";

/** One line of `results.jsonl`. */
export interface Measurement {
  runtime: RuntimeName;
  version: string;
  peer: string;
  workload: string;
  phase: string;
  idiom?: string;
  operations: number;
  seconds: number;
  opsPerSecond: number;
  /** Seconds of it in which the peer closed. */
  closeSeconds?: number;
  bytesOnDisk: number;
  rssBytes?: number;
  /** Bytes on disk / bytes of keys and values. */
  space?: number;
  round: number;
}

/** The middle one of some numbers; of an even count, between the middle two. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The figure of a measurement in a row's unit. */
export function figureOf(one: Measurement, unit: Row["unit"]): number {
  if (unit === "x") return one.space!;
  return unit === "ms" ? one.seconds * 1000 : one.opsPerSecond;
}

/** The median figure of one peer in one idiom. */
export interface Figure {
  idiom: string | undefined;
  value: number;
  /** Every round's figure. */
  all: number[];
  /** The measurements that it is made of. */
  measurements: Measurement[];
}

/** The measurements of all rounds, asked by row. */
export class Results {
  readonly #all: readonly Measurement[];

  constructor(all: readonly Measurement[]) {
    this.#all = all;
  }

  /** The figures of a peer in a measure, by idiom; the best one first. */
  figures(
    runtime: RuntimeName,
    peer: string,
    measure: string,
    unit: Row["unit"],
  ): Figure[] {
    const byIdiom = Map.groupBy(
      this.#all.filter((one) =>
        one.runtime === runtime && one.peer === peer &&
        `${one.workload}/${one.phase}` === measure
      ),
      ({ idiom }) => idiom,
    );
    const figures = [...byIdiom].map(([idiom, measurements]) => {
      const all = measurements.map((one) => figureOf(one, unit));
      return { idiom, value: median(all), all, measurements };
    });
    const sign = unit === "ops/s" ? -1 : 1;
    return figures.sort((a, b) => sign * (a.value - b.value));
  }

  /** The figure of a peer in a row. */
  figure(
    runtime: RuntimeName,
    peer: string,
    row: Row,
    measure: string = row.measure,
  ): Figure | undefined {
    const figures = this.figures(runtime, peer, measure, row.unit);
    return row.idiom === undefined
      ? figures[0]
      : figures.find(({ idiom }) => idiom === row.idiom);
  }

  /** The peer that a row compares Sett with, if it took part. */
  referenceOf(runtime: RuntimeName, row: Row): string | undefined {
    const measure = row.referenceMeasure ?? row.measure;
    const names = row.reference === "best"
      ? PEERS.filter(({ comparable }) => comparable).map(({ name }) => name)
      : row.reference ?? [];
    const present = names.filter((name) =>
      this.figure(runtime, name, row, measure) !== undefined
    );
    if (row.reference !== "best") return present[0];
    const sign = row.unit === "ops/s" ? -1 : 1;
    const value = (name: string) =>
      sign * this.figure(runtime, name, row, measure)!.value;
    return present.sort((a, b) => value(a) - value(b))[0];
  }

  /** How many times as fast as the reference Sett is. */
  ratio(runtime: RuntimeName, row: Row): number | undefined {
    const reference = this.referenceOf(runtime, row);
    if (reference === undefined) return undefined;
    return this.ratioTo(runtime, row, reference);
  }

  /** How many times as fast as one peer Sett is. */
  ratioTo(
    runtime: RuntimeName,
    row: Row,
    reference: string,
  ): number | undefined {
    const ours = this.figure(runtime, "sett", row)?.value;
    const theirs = this.figure(
      runtime,
      reference,
      row,
      row.referenceMeasure ?? row.measure,
    )?.value;
    if (ours === undefined || theirs === undefined) return undefined;
    return row.unit === "ops/s" ? ours / theirs : theirs / ours;
  }

  /** Whether Sett reaches a row's target; `undefined` if that cannot be told. */
  passes(runtime: RuntimeName, row: Row): boolean | undefined {
    if (row.atMost !== undefined) {
      const ours = this.figure(runtime, "sett", row)?.value;
      return ours === undefined ? undefined : ours <= row.atMost;
    }
    const ratio = this.ratio(runtime, row);
    if (ratio === undefined || row.atLeast === undefined) return undefined;
    return ratio >= row.atLeast;
  }

  /** The runtimes that have measurements, with their versions. */
  runtimes(): Map<RuntimeName, string> {
    // A peer may run on another version of Node than the others.
    return new Map(
      this.#all.filter(({ peer }) => peer === "sett")
        .map(({ runtime, version }) => [runtime, version]),
    );
  }

  /** The peers that have a program of their own, as `name version`. */
  programVersions(): string[] {
    const names = PEERS.filter(({ program }) => program !== undefined)
      .map(({ name }) => name);
    return [
      ...new Set(
        this.#all.filter(({ peer }) => names.includes(peer))
          .map(({ peer, version }) => `${peer} ${version}`),
      ),
    ];
  }
}
