/**
 * Streams in memory, and what a store holds, for the tests of backups.
 *
 * @module
 */

import type { BackupOptions, BackupReport } from "../../mod.ts";
import type { Store } from "../../src/store/store.ts";

/** A stream that keeps what is written to it. */
export function collect(): {
  writable: WritableStream<Uint8Array>;
  bytes: () => Uint8Array<ArrayBuffer>;
} {
  const pieces: Uint8Array[] = [];
  const writable = new WritableStream<Uint8Array>({
    write: (piece) => void pieces.push(piece),
  });
  return { writable, bytes: () => concatenate(pieces) };
}

/** All pieces as one. */
export function concatenate(
  pieces: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(
    pieces.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** A stream of these bytes, in pieces of `size` bytes. */
export function streamOf(
  bytes: Uint8Array,
  size = 65_536,
): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(at, at += size));
    },
  });
}

/** A backup in memory. */
export async function backUp(
  store: Store,
  options: BackupOptions = {},
): Promise<{ bytes: Uint8Array<ArrayBuffer>; report: BackupReport }> {
  const { writable, bytes } = collect();
  const report = await store.backup(writable, options);
  return { bytes: bytes(), report };
}

const decoder = new TextDecoder();

/** What the store holds outside of buckets and in those named: text and expiry. */
export function contentsOf(
  store: Store,
  buckets: readonly string[] = [],
): Map<string, string> {
  const contents = new Map<string, string>();
  for (const name of [undefined, ...buckets]) {
    const space = name === undefined ? store : store.bucket(name);
    for (const [key, value] of space.listSync()) {
      const { expiresAt = 0 } = space.getEntry(key);
      const path = `${name === undefined ? "" : `${name}:`}${
        decoder.decode(key)
      }`;
      contents.set(path, `${decoder.decode(value)} @${expiresAt}`);
    }
  }
  return contents;
}
