/**
 * Looks at all keys: `SCAN` on every master side by side, some hundred keys a step, so
 * no server is held up for longer than a step takes.
 *
 * What is there from beginning to end is met at least once. A server that is changing
 * the size of its table meanwhile, or a slot that is on its way, may show a key twice
 * or, if it comes or goes meanwhile, not at all.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { ErrorReply } from "@redis/client";
import type { LargeKey } from "../store/largest.ts";
import type { RedisKeys } from "./redis_key.ts";
import type { Router } from "./router.ts";
import type { ServerConnection } from "./server_connection.ts";

/** Keys that a server looks at in one step. */
const KEYS_A_STEP = 500;

/** Counts the keys of a bucket, or of all; only some of them, if it is said which. */
export async function countKeys(
  router: Router,
  keys: RedisKeys,
  bucket: string | undefined,
  signal: AbortSignal | undefined,
  isCounted: (bucket: string, key: Uint8Array) => boolean = () => true,
): Promise<number> {
  const counts = await router.onMasters("count the keys", async (server) => {
    let count = 0;
    await scan(server, keys.pattern(bucket), signal, (names) => {
      for (const name of names) {
        const split = keys.split(name);
        if (split !== undefined && isCounted(split.bucket, split.key)) count++;
      }
    });
    return count;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

/** The names of the buckets that have keys, in order. */
export async function bucketNames(
  router: Router,
  keys: RedisKeys,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const found = await router.onMasters("list the buckets", async (server) => {
    const names = new Set<string>();
    await scan(server, keys.pattern(), signal, (page) => {
      for (const name of page) {
        const split = keys.split(name);
        if (split !== undefined) names.add(split.bucket);
      }
    });
    return [...names];
  });
  return [...new Set(found.flat())].sort();
}

/** The keys with the largest values, the largest first. */
export async function largestKeys(
  router: Router,
  keys: RedisKeys,
  count: number,
  signal: AbortSignal | undefined,
): Promise<LargeKey[]> {
  if (!Number.isInteger(count) || count < 0) {
    throw new RangeError(
      `Cannot find the ${count} largest keys: it must be an integer of at least 0`,
    );
  }
  const found = await router.onMasters("list keys", async (server) => {
    const best = new Map<string, LargeKey>();
    await scan(server, keys.pattern(), signal, async (names) => {
      const own = names.flatMap((name) => keys.split(name) ?? []);
      const lengths = await Promise.all(
        own.map(({ bucket, key }) => valueBytes(server, keys, bucket, key)),
      );
      own.forEach(({ bucket, key }, i) => {
        const valueBytes = lengths[i];
        if (valueBytes === undefined) return;
        // By name, for a step may show a key that another one showed.
        best.set(keys.name(bucket, key).text, { bucket, key, valueBytes });
      });
      shrink(best, count);
    });
    return [...best.values()];
  });
  return found.flat().sort(bySize).slice(0, count);
}

async function scan(
  server: ServerConnection,
  pattern: Buffer,
  signal: AbortSignal | undefined,
  act: (names: Buffer[]) => void | Promise<void>,
): Promise<void> {
  let next = "0";
  do {
    signal?.throwIfAborted();
    const { cursor, names } = await scanStep(server, pattern, next);
    await act(names);
    next = cursor;
  } while (next !== "0");
}

/** One step of a walk over the keys of a server, from its cursor on; "0" is its end. */
export async function scanStep(
  server: ServerConnection,
  pattern: Buffer,
  from: string,
): Promise<{ cursor: string; names: Buffer[] }> {
  const [cursor, names] = await server.send([
    "SCAN",
    from,
    "MATCH",
    pattern,
    "COUNT",
    String(KEYS_A_STEP),
    "TYPE",
    "string",
  ]) as [Buffer, Buffer[]];
  return { cursor: String(cursor), names };
}

/** Bytes of a value; `undefined` if the key has gone to another server meanwhile. */
async function valueBytes(
  server: ServerConnection,
  keys: RedisKeys,
  bucket: string,
  key: Uint8Array,
): Promise<number | undefined> {
  try {
    const reply = await server.send(["STRLEN", keys.name(bucket, key).bytes]);
    return Number(reply);
  } catch (error) {
    if (error instanceof ErrorReply) return undefined;
    throw error;
  }
}

/** Leaves the `count` largest. */
function shrink(best: Map<string, LargeKey>, count: number): void {
  if (best.size <= count) return;
  const rest = [...best].sort(([, a], [, b]) => bySize(a, b)).slice(count);
  for (const [name] of rest) best.delete(name);
}

function bySize(a: LargeKey, b: LargeKey): number {
  return b.valueBytes - a.valueBytes;
}
