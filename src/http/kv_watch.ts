/**
 * A watch as server-sent events.
 *
 * `open` comes first, then a `commit` for each commit; both carry a versionstamp as
 * their id, so a client that comes back with it misses nothing. `close` says that the
 * server ends the stream, `failure` why it cannot go on.
 *
 * @module
 */

import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import type { KeySpace } from "../store/key_space.ts";
import type { WatchedCommit, WatchOptions } from "../store/watch.ts";
import { showBytes } from "./kv_bytes.ts";
import { describeError } from "./request_error.ts";

/** A comment keeps the way open, and finds out who is gone. */
const HEARTBEAT_MS = 15_000;

/** Bytes of collected segments that a slow client can hold on disk. */
const HELD_BYTES_MAX = 67_108_864;

/** How a watch ends beside by its client. */
export interface WatchEnd {
  /** Ends it from the server's side. */
  signal: AbortSignal | undefined;
  /** What is called on that: one listener does it for all watches. */
  ends: Set<() => void>;
  /** Is called when it is over. */
  onOver: () => void;
}

function showCommit({ versionstamp, changes }: WatchedCommit): string {
  return JSON.stringify({
    versionstamp,
    changes: changes.map(({ key, value, expiresAt }) => ({
      key: showBytes(key),
      // No value: it was deleted.
      ...(value === undefined ? {} : { value: showBytes(value) }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    })),
  });
}

/** Answers with the commits of a key space. */
export async function answerWatch(
  context: Context,
  space: KeySpace,
  options: WatchOptions,
  { signal, ends, onOver }: WatchEnd,
): Promise<Response> {
  // Without checks and writes this only tells the newest commit.
  const present = await space.atomic().commit();
  const since = options.since ?? (present.ok ? present.versionstamp : "");
  const commits = space.watch({
    ...options,
    since,
    heldBytesMax: HELD_BYTES_MAX,
  }).getReader();
  return streamSSE(context, async (stream) => {
    const end = () => commits.cancel().catch(() => {});
    stream.onAbort(end);
    ends.add(end);
    const heartbeat = setInterval(() => stream.write(":\n\n"), HEARTBEAT_MS);
    try {
      if (signal?.aborted) await end();
      await stream.writeSSE({ event: "open", id: since, data: "" });
      for (;;) {
        const { done, value } = await commits.read();
        if (done) break;
        const { versionstamp } = value;
        const data = showCommit(value);
        await stream.writeSSE({ event: "commit", id: versionstamp, data });
      }
      await stream.writeSSE({ event: "close", data: "" });
    } catch (error) {
      const { status: _status, ...told } = describeError(error) ??
        { status: 500, error: "Cannot go on", code: "INTERNAL" };
      await stream.writeSSE({ event: "failure", data: JSON.stringify(told) });
    } finally {
      clearInterval(heartbeat);
      ends.delete(end);
      await end();
      onOver();
    }
  });
}
