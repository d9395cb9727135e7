/**
 * Servers as the side that a copy reads: the keys of one step of a walk, with their
 * values and the time that is left to them.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { GROUP_BYTES_MAX } from "./copy_local.ts";
import { bytesOf, type RedisParts } from "./redis_calls.ts";
import { slotOf } from "./redis_key.ts";
import type { Reply } from "./server_connection.ts";

/** One entry of servers. */
export interface RemoteEntry {
  /** The bucket. */
  bucket: string;
  /** The key. */
  key: Uint8Array;
  /** The value. */
  value: Uint8Array;
  /** Milliseconds until it expires; -1 for never. */
  left: number;
}

/** What `PTTL` answers for a key that is not there; -1 is for one that stays. */
const GONE = -2;

/** The entries of some names, by groups of not too many bytes. */
export async function* remoteGroups(
  parts: RedisParts,
  names: readonly Buffer[],
): AsyncGenerator<RemoteEntry[]> {
  // Asked for first: a step has some hundred values, and each may be large.
  const lengths = await Promise.all(
    names.map((name) => ask(parts, "STRLEN", name)),
  );
  let group: Buffer[] = [];
  let bytes = 0;
  for (const [i, name] of names.entries()) {
    const length = Number(lengths[i]);
    if (group.length > 0 && bytes + length > GROUP_BYTES_MAX) {
      yield await readGroup(parts, group);
      group = [];
      bytes = 0;
    }
    group.push(name);
    bytes += length;
  }
  yield await readGroup(parts, group);
}

async function readGroup(
  parts: RedisParts,
  names: readonly Buffer[],
): Promise<RemoteEntry[]> {
  const found = await Promise.all(names.map(async (name) => {
    const split = parts.keys.split(name);
    if (split === undefined) return [];
    const [value, left] = await Promise.all([
      ask(parts, "GET", name),
      ask(parts, "PTTL", name),
    ]);
    const bytes = bytesOf(value);
    // Its time may come between the two: of what is gone nothing is left.
    return bytes === undefined || Number(left) === GONE
      ? []
      : [{ ...split, value: bytes, left: Number(left) }];
  }));
  return found.flat();
}

function ask(
  { router }: RedisParts,
  command: string,
  name: Buffer,
): Promise<Reply> {
  return router.run({
    action: "copy a value",
    slot: slotOf(name),
    words: [command, name],
    isRepeatable: true,
    isWrite: false,
  });
}
