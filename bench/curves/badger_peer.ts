/**
 * Badger in Go to compare with: the program of `bench/peers/go`, in a process of
 * its own that is written to through its standard input.
 *
 * @module
 */

/** Where `bench/peers/run.sh` builds it. */
const PROGRAM = ".tmp/peers/badger-go";

/** As much of an open Badger as is measured. */
export interface BadgerPeer {
  /** Its process. */
  pid: number;
  /** Writes all of it as one batch. */
  batch(entries: [string, Uint8Array][]): Promise<void>;
  /** Closes it; the process stays, for its counters to be read. */
  close(): Promise<void>;
  /** Ends the process. */
  end(): Promise<void>;
}

/** True if it was built. */
export function hasBadgerPeer(): boolean {
  try {
    return Deno.statSync(PROGRAM).isFile;
  } catch {
    return false;
  }
}

/** Its version and that of Go. */
export async function badgerVersion(): Promise<string> {
  const { stdout } = await new Deno.Command(PROGRAM, { args: ["version"] })
    .output();
  return new TextDecoder().decode(stdout).trim();
}

/** A batch as the program reads it; see `pipe.go`. */
function encodeBatch(entries: [string, Uint8Array][]): Uint8Array<ArrayBuffer> {
  let length = 4;
  for (const [key, value] of entries) length += 8 + key.length + value.length;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, entries.length, true);
  const encoder = new TextEncoder();
  let at = 4;
  for (const [key, value] of entries) {
    view.setUint32(at, key.length, true);
    view.setUint32(at + 4, value.length, true);
    // Keys are ASCII here, a byte a character.
    encoder.encodeInto(key, bytes.subarray(at + 8));
    bytes.set(value, at + 8 + key.length);
    at += 8 + key.length + value.length;
  }
  return bytes;
}

/**
 * Opens one in an empty directory with the plugin's settings.
 *
 * @param settings Those that differ; see `store.go`.
 */
export function openBadgerPeer(
  path: string,
  settings: { valueLogFileSize?: number; valueLogGcSeconds?: number },
): BadgerPeer {
  const child = new Deno.Command(PROGRAM, {
    args: ["pipe", JSON.stringify({ directory: path, settings })],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.getReader();
  const send = async (bytes: Uint8Array<ArrayBuffer>) => {
    await writer.write(bytes);
    const { done } = await reader.read();
    if (done) throw new Error("Cannot measure: badger-go has ended");
  };
  return {
    pid: child.pid,
    batch: (entries) => send(encodeBatch(entries)),
    close: () => send(new Uint8Array(4)),
    async end() {
      await writer.close();
      await reader.cancel();
      const { code } = await child.status;
      if (code !== 0) {
        throw new Error(`Cannot measure: badger-go ended with ${code}`);
      }
    },
  };
}
