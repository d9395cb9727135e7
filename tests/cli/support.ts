/**
 * Runs the command line in this process, with streams of the test's own.
 *
 * @module
 */

import { type PassThrough, Readable, Writable } from "node:stream";
import { run } from "../../src/cli/program.ts";
import type { EndSignal } from "../../src/cli/surroundings.ts";

/** What surrounds a call. */
export interface Given {
  /** Input; a stream stays open until the test ends it. */
  stdin?: string | Uint8Array | PassThrough;
  /** Output and errors go to a terminal. */
  isTerminal?: boolean;
  /** The environment. */
  environment?: Record<string, string>;
  /** Takes the sender of signals. */
  signals?: (send: (signal: EndSignal) => void) => void;
  /** Output refuses everything: `EPIPE` as a pipe that nobody reads, or another way. */
  broken?: string;
}

/** What a call did. */
export interface Done {
  /** The exit code. */
  code: number;
  /** Output as text. */
  out: string;
  /** Output. */
  bytes: Uint8Array;
  /** What was told beside it. */
  err: string;
}

/** Runs a command line to its end. */
export async function badger(
  args: string[],
  given: Given = {},
): Promise<Done> {
  const { stdin = "", isTerminal = false, environment = {} } = given;
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  const stream = (pieces: Uint8Array[], broken?: string) =>
    Object.assign(
      new Writable({
        write(piece: Uint8Array, _, done) {
          if (broken !== undefined) {
            return done(Object.assign(new Error(broken), { code: broken }));
          }
          pieces.push(piece.slice());
          done();
        },
      }),
      { isTTY: isTerminal, columns: 100 },
    );
  const code = await run(args, {
    stdin: stdin instanceof Readable
      ? stdin
      : Readable.from([typeof stdin === "string" ? encode(stdin) : stdin]),
    stdout: stream(out, given.broken),
    stderr: stream(err),
    environment: (name) => environment[name],
    onSignal: (listener) => {
      given.signals?.(listener);
      return () => {};
    },
  });
  const bytes = join(out);
  return { code, out: decode(bytes), bytes, err: decode(join(err)) };
}

/** The same for a call that must be done, on the store in `path`; gives its output. */
export async function done(
  path: string,
  args: string[],
  given: Given = {},
): Promise<string> {
  const { code, out, err } = await badger([...args, "--path", path], given);
  if (code !== 0) throw new Error(`badger ${args.join(" ")}: ${code}: ${err}`);
  return out;
}

/** Output of a call with `--json`, read. */
export async function json(path: string, args: string[]) {
  return JSON.parse(await done(path, [...args, "--json"]));
}

function join(pieces: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(
    pieces.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Text as bytes. */
export function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
