/**
 * How far a long work is: a bar on a terminal, once half a second has passed, with the
 * rate and the time that is left. Elsewhere nothing.
 *
 * @module
 */

import cliProgress from "cli-progress";
import { count, duration, size } from "./figures.ts";
import type { Output } from "./output.ts";
import type { TerminalStream } from "./surroundings.ts";

/** Work that is done sooner needs no bar. */
const PATIENCE_MILLISECONDS = 500;

/** The progress of one work. */
export class Progress {
  readonly #terminal: TerminalStream | undefined;
  readonly #format: string;
  readonly #figure: (amount: number) => string;
  readonly #start = performance.now();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  #bar: cliProgress.SingleBar | undefined;
  #done = 0;
  #total: number | undefined;

  /** Starts at 0 of `total`, which may not be known. */
  constructor(
    output: Output,
    label: string,
    total: number | undefined,
    unit: "bytes" | "keys",
  ) {
    this.#terminal = output.noteTerminal;
    this.#total = total;
    this.#figure = unit === "bytes"
      ? size
      : (amount) => `${count(amount)} keys`;
    const bar = output.paintNote("cyan", "{bar}");
    this.#format = total === undefined
      ? `${label} {done} | {rate}/s`
      : `${label} ${bar} {percentage}% | {done} of {whole} | {rate}/s | {left} left`;
    if (this.#terminal === undefined) return;
    this.#timer = setTimeout(() => this.#show(), PATIENCE_MILLISECONDS);
  }

  /** Says how much is done by now. */
  update(done: number): void {
    this.#done = done;
    if (this.#terminal === undefined) return;
    if (this.#bar !== undefined) this.#bar.update(done, this.#payload());
    else if (performance.now() - this.#start >= PATIENCE_MILLISECONDS) {
      this.#show();
    }
  }

  /** Takes the bar away. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #payload(): Record<string, string> {
    const seconds = (performance.now() - this.#start) / 1000;
    const rate = this.#done / seconds;
    const total = this.#total ?? 0;
    const isKnown = rate > 0 && total >= this.#done;
    return {
      done: this.#figure(this.#done),
      whole: this.#figure(total),
      rate: this.#figure(Math.round(rate)),
      left: isKnown ? duration((total - this.#done) / rate * 1000) : "?",
    };
  }

  #show(): void {
    if (this.#bar !== undefined) return;
    this.#bar = new cliProgress.SingleBar({
      format: this.#format,
      stream: this.#terminal,
      clearOnComplete: true,
      barsize: 24,
      // Signals are ours.
      gracefulExit: false,
    }, cliProgress.Presets.shades_classic);
    this.#bar.start(this.#total ?? 0, this.#done, this.#payload());
  }
}

/** Shows the progress of `work` while it lasts. */
export async function withProgress<T>(
  progress: Progress,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  try {
    return await work(progress);
  } finally {
    progress.stop();
  }
}

/** The same for work that does not tell: it is asked five times a second. */
export async function withPolledProgress<T>(
  progress: Progress,
  read: () => number,
  work: () => Promise<T>,
): Promise<T> {
  const timer = setInterval(() => progress.update(read()), 200);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    progress.stop();
  }
}
