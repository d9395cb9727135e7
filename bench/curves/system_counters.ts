/**
 * What Linux counts about this process: bytes it wrote, and how long it stood
 * ready without a processor.
 *
 * Deno gives `/proc` only to a process with all permissions, and other systems
 * have none: then the figures are `undefined`, and a report says so.
 *
 * @module
 */

import { openSync, readSync } from "node:fs";

/** Bytes written by all threads of a process. */
export interface WrittenBytes {
  /** Bytes that calls such as `write` were given. */
  calls: number;
  /** Bytes of pages that were made to be written to the medium. */
  medium: number;
}

/** Reads `/proc/self/io`, or that of another process of ours. */
export function writtenBytes(
  process: number | "self" = "self",
): WrittenBytes | undefined {
  const text = readProc(`/proc/${process}/io`);
  if (text === undefined) return undefined;
  const figure = (name: string) =>
    Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(text)?.[1]);
  return {
    calls: figure("wchar"),
    medium: figure("write_bytes") - figure("cancelled_write_bytes"),
  };
}

/** The model of the processor, or a question mark. */
export function processorModel(): string {
  const text = readProc("/proc/cpuinfo") ?? "";
  return /^model name\s*: (.*)$/m.exec(text)?.[1] ?? "?";
}

function readProc(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}

/** How long this thread has waited for a processor that others had. */
export class ProcessorWait {
  readonly #file: number | undefined;
  readonly #buffer = new Uint8Array(64);

  /** Opens the counter of the thread that calls. */
  constructor() {
    try {
      this.#file = openSync("/proc/thread-self/schedstat", "r");
    } catch {
      this.#file = undefined;
    }
  }

  /** False where the system does not tell. */
  get isKnown(): boolean {
    return this.#file !== undefined;
  }

  /** Milliseconds so far; takes a few microseconds and makes no garbage. */
  milliseconds(): number {
    if (this.#file === undefined) return 0;
    const bytes = this.#buffer;
    const length = readSync(this.#file, bytes, 0, bytes.length, 0);
    let field = 0;
    let nanoseconds = 0;
    for (let i = 0; i < length; i++) {
      if (bytes[i] === 0x20) field++;
      else if (field === 1) nanoseconds = nanoseconds * 10 + bytes[i]! - 0x30;
    }
    return nanoseconds / 1e6;
  }
}
