/**
 * Streams from and to files, input and output.
 *
 * @module
 */

import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { fromSystemError } from "../errors.ts";
import type { Call } from "./call.ts";

const PIECE_BYTES = 256 * 1024;

/** The name that stands for input or output. */
export const STANDARD = "-";

/** The names in a directory; none if there is no directory. */
export function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return [];
    throw error;
  }
}

/** Bytes of the files in a directory. */
export function bytesIn(path: string): number {
  let bytes = 0;
  for (const name of namesIn(path)) {
    bytes += statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

/** What is read. */
export interface Source {
  /** Its bytes. */
  readable: ReadableStream<Uint8Array>;
  /** How many there are, where that is known. */
  size: number | undefined;
  /** Called after each piece with the bytes read so far. */
  onRead: (bytes: number) => void;
}

/** Opens a file, or input for `-`. */
export function openSource(call: Call, name: string): Source {
  const stream = name === STANDARD ? call.surroundings.stdin : isPipe(name)
    // To wait for what another process writes must not keep signals from being heard.
    ? createReadStream(name)
    : undefined;
  const pieces = stream?.[Symbol.asyncIterator]();
  const file = pieces === undefined ? openFile(name, "r") : -1;
  let total = 0;
  const close = () => {
    if (file >= 0) closeSync(file);
  };
  const next = async (): Promise<Uint8Array | undefined> => {
    if (pieces !== undefined) {
      const { value, done } = await pieces.next();
      return done ? undefined : toBytes(value);
    }
    const piece = new Uint8Array(PIECE_BYTES);
    const length = readSync(file, piece, 0, piece.length, null);
    return length === 0 ? undefined : piece.subarray(0, length);
  };
  const readable = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const piece = await next();
      if (piece === undefined) {
        close();
        controller.close();
        return;
      }
      source.onRead(total += piece.length);
      controller.enqueue(piece);
    },
    cancel: close,
  }, { highWaterMark: 0 });
  const source: Source = {
    readable,
    size: file < 0 ? undefined : sizeOf(file),
    onRead: () => {},
  };
  return source;
}

function openFile(name: string, flags: "r" | "w"): number {
  try {
    return openSync(name, flags);
  } catch (error) {
    throw fromSystemError("open", name, error);
  }
}

/** True for a pipe with a name. */
function isPipe(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isFIFO() ?? false;
}

/** Bytes of a file; those of a device are not known. */
function sizeOf(file: number): number | undefined {
  const found = fstatSync(file);
  return found.isFile() ? found.size : undefined;
}

function toBytes(piece: string | Uint8Array): Uint8Array {
  return typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
}

/** Who does not write or read must not keep a signal from being heard. */
async function unlessAborted<T>(
  signal: AbortSignal,
  work: Promise<T>,
): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Reads a file or input to its end. */
export async function readAll(call: Call, name: string): Promise<Uint8Array> {
  const { readable } = openSource(call, name);
  return await unlessAborted(
    call.signal,
    new Response(readable).arrayBuffer().then((all) => new Uint8Array(all)),
  );
}

/**
 * A stream to output, or to a file that has its name only once it is whole. What is
 * there and is no file, such as a pipe or a device, is written to as it is; a link
 * stays one.
 */
export function openTarget(
  call: Call,
  name: string,
): WritableStream<Uint8Array> {
  if (name === STANDARD) {
    return new WritableStream({ write: (piece) => call.output.bytes(piece) });
  }
  const found = statSync(name, { throwIfNoEntry: false });
  if (found === undefined) return openAside(call, name);
  return found.isFile()
    ? openAside(call, realpathSync(name))
    : openInPlace(call, name);
}

/** Ends the command for an error: who writes to a stream only learns that it failed. */
function endFor(call: Call, name: string, error: unknown): never {
  call.end(fromSystemError("write", name, error));
  throw error;
}

/** A stream to what must not be replaced. */
function openInPlace(call: Call, name: string): WritableStream<Uint8Array> {
  // To wait for who reads a pipe must not keep signals from being heard.
  const stream = createWriteStream(name);
  let failed: unknown;
  stream.on("error", (error) => failed ??= error);
  const after = (work: (done: (error?: Error | null) => void) => unknown) =>
    new Promise<void>((resolve, reject) =>
      work((error) => error ? reject(failed ?? error) : resolve())
    ).catch((error) => endFor(call, name, error));
  return new WritableStream({
    write: (piece) => after((done) => stream.write(piece, done)),
    close: () => after((done) => stream.end(done)),
    abort: () => void stream.destroy(),
  });
}

/** A stream to a file that takes the place of `name` when it is closed. */
function openAside(call: Call, name: string): WritableStream<Uint8Array> {
  const aside = `${name}.part`;
  let file = -1;
  // Nothing is made before there is something to write.
  const open = () => {
    if (file >= 0) return;
    try {
      file = openFile(aside, "w");
    } catch (error) {
      endFor(call, aside, error);
    }
  };
  const shut = () => {
    const last = file;
    file = -1;
    if (last >= 0) closeSync(last);
  };
  const remove = () => {
    shut();
    rmSync(aside, { force: true });
  };
  // A stream that fails is not aborted.
  const orRemove = (work: () => void) => {
    open();
    try {
      work();
    } catch (error) {
      remove();
      endFor(call, aside, error);
    }
  };
  return new WritableStream({
    write: (piece) =>
      orRemove(() => {
        for (let at = 0; at < piece.length;) {
          at += writeSync(file, piece, at, piece.length - at);
        }
      }),
    close: () =>
      orRemove(() => {
        fsyncSync(file);
        shut();
        renameSync(aside, name);
      }),
    abort: () => file < 0 ? undefined : remove(),
  });
}

/** Writes a file whole. */
export async function writeWhole(
  call: Call,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const writer = openTarget(call, name).getWriter();
  const written = writer.write(bytes).then(() => writer.close());
  await unlessAborted(call.signal, written);
}

/** @throws {TypeError} If bytes that are no text would go to a terminal. */
export function refuseTerminal(call: Call, name: string, what: string): void {
  if (name !== STANDARD || !call.output.isTerminal) return;
  throw new TypeError(
    `Cannot write ${what} to a terminal: name a file, or send it to another program`,
  );
}
