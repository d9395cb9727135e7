/**
 * A process that works on a store until it is killed, as its parent sees it.
 *
 * @module
 */

import type { Phase, Runtime } from "./chain.ts";
import { denoPermissions } from "./runtimes.ts";

/** A process that says nothing for so long, in milliseconds, is stuck. */
const STUCK_AFTER = 60_000;

/** What a child is to do. */
export interface Life {
  /** The data directory. */
  path: string;
  /** The seed of the operations. */
  seed: number;
  /** Every operation is synced. */
  isSynced: boolean;
  /** When it will be killed. */
  phase: Phase;
}

function commandOf(runtime: Runtime, life: Life): Deno.Command {
  return new Deno.Command(runtime.path, {
    args: [
      ...denoPermissions(runtime, [life.path]),
      new URL("child.mjs", import.meta.url).pathname,
      runtime.module,
      life.path,
      `${life.seed}`,
      life.isSynced ? "sync" : "flush",
      life.phase,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
}

/** A running child. */
export class Child implements AsyncDisposable {
  /** What it has said. */
  readonly lines: string[] = [];
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #errors: Promise<string>;
  #isDead = false;
  #wake: () => void = () => {};

  /** Starts a child. */
  constructor(runtime: Runtime, life: Life) {
    this.#process = commandOf(runtime, life).spawn();
    this.#errors = new Response(this.#process.stderr).text();
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of this.#process.stdout) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split(
        "\n",
      );
      // The kill may cut the last line in two.
      rest = lines.pop()!;
      this.lines.push(...lines);
      this.#wake();
    }
    this.#isDead = true;
    this.#wake();
  }

  /** Resolves to the line of the `count`-th time that it said `word`. */
  async waitFor(word: string, count = 1): Promise<string> {
    for (;;) {
      const failure = this.lines.find((line) => line.startsWith("! "));
      if (failure !== undefined) throw new Error(failure.slice(2));
      const said = this.lines.filter((line) => line.split(" ", 1)[0] === word);
      if (said.length >= count) return said[count - 1]!;
      if (this.#isDead) {
        throw new Error(`It ended by itself: ${await this.#errors}`);
      }
      await this.#somethingSaid();
    }
  }

  async #somethingSaid(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(
      () => reject(new Error(`It is stuck after ${this.lines.at(-1)}`)),
      STUCK_AFTER,
    );
    this.#wake = resolve;
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Says a line to it. */
  tell(line: string): void {
    const writer = this.#process.stdin.getWriter();
    void writer.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
    writer.releaseLock();
  }

  /** Kills it in so many milliseconds; resolves when it is gone and all was read. */
  async killAfter(milliseconds: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    await this.#end();
    const failure = this.lines.find((line) => line.startsWith("! "));
    if (failure !== undefined) throw new Error(failure.slice(2));
    const { signal } = await this.#process.status;
    if (signal !== "SIGKILL") {
      throw new Error(`It ended by itself: ${await this.#errors}`);
    }
  }

  async #end(): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch { /* it is gone */ }
    await Promise.all([this.#reading, this.#process.status, this.#errors]);
    await this.#process.stdin.close().catch(() => {});
  }

  /** Kills it, if that has not been done. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#end();
  }
}
