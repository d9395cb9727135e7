/**
 * The calls that the key-value store and the filter are made of: a key is named, the
 * call is counted, and a command goes to where the key is.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  type BucketOperations,
  noOperations,
} from "../plugin/bucket_stores.ts";
import { readExpireIn } from "../store/expire_in.ts";
import type { Key, SetOptions, Value } from "../store/types.ts";
import { ValueBuffer } from "../store/value_buffer.ts";
import type { KeyLanes } from "./key_lanes.ts";
import type { RedisKey, RedisKeys } from "./redis_key.ts";
import type { Router } from "./router.ts";
import type { Reply, Word } from "./server_connection.ts";
import type { ServerOptions } from "./server_options.ts";

/** What an open backend works with. */
export interface RedisParts {
  /** Takes commands to servers. */
  readonly router: Router;
  /** How servers are connected to. */
  readonly server: ServerOptions;
  /** Names keys. */
  readonly keys: RedisKeys;
  /** Keeps the calls for one key in order. */
  readonly lanes: KeyLanes;
  /** How often each operation was asked for, by bucket. */
  readonly operations: Map<string, BucketOperations>;
}

/** What the two need from their backend. */
export interface RedisOwner {
  /** Opens the backend. */
  open(): Promise<void>;
  /** Closes the backend. */
  close(): Promise<void>;
  /** What it works with; throws if it is closed. */
  require(action: string): RedisParts;
}

/** Bytes of the largest value that a server takes (`proto-max-bulk-len`). */
const VALUE_BYTES_MAX = 512 * 1_048_576;

const values = new ValueBuffer();

/** A call that is about to be made. */
export interface Call {
  readonly parts: RedisParts;
  readonly action: string;
  readonly bucket: string;
  readonly key: RedisKey;
}

/** Names the key; throws if the backend is closed or the key makes no sense. */
export function begin(
  owner: RedisOwner,
  action: string,
  bucket: string,
  key: Key,
): Call {
  const parts = owner.require(action);
  return { parts, action, bucket, key: parts.keys.name(bucket, key) };
}

/** What it threw is what it rejects with. */
export function settled<T>(act: () => Promise<T>): Promise<T> {
  try {
    return act();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Looks a key up. */
export function exists(
  owner: RedisOwner,
  bucket: string,
  key: Key,
): Promise<boolean> {
  return settled(() => {
    const call = begin(owner, "look a key up", bucket, key);
    return read(call, ["EXISTS", call.key.bytes], "exists")
      .then((reply) => Number(reply) === 1);
  });
}

/** Removes a key, without a wait for its memory. */
export function remove(
  owner: RedisOwner,
  bucket: string,
  key: Key,
): Promise<boolean> {
  return settled(() => {
    const call = begin(owner, "delete a key", bucket, key);
    count(call, "delete");
    return write(call, ["UNLINK", call.key.bytes], false)
      .then((reply) => Number(reply) === 1);
  });
}

/** Writes a value. */
export function set(
  call: Call,
  value: Buffer,
  options: SetOptions | undefined,
  operation: keyof BucketOperations,
): Promise<void> {
  const words = setWords(call.key, value, options);
  count(call, operation);
  return write(call, words, true).then(() => {});
}

/** The command that writes a value. */
export function setWords(
  key: RedisKey,
  value: Buffer,
  options: SetOptions | undefined,
): Word[] {
  if (value.length > VALUE_BYTES_MAX) {
    throw new RangeError(
      `Cannot add a value of ${value.length} bytes: the limit is ${VALUE_BYTES_MAX}`,
    );
  }
  const words: Word[] = ["SET", key.bytes, value];
  const expireIn = readExpireIn(options);
  if (expireIn > 0) words.push("PX", String(expireIn));
  return words;
}

/** Asks for a key, again if the answer was lost. */
export function read(
  call: Call,
  words: readonly Word[],
  operation: keyof BucketOperations,
): Promise<Reply> {
  const { parts: { router, lanes }, action, key } = call;
  count(call, operation);
  return lanes.read(key.text, () =>
    router.run({
      action,
      slot: key.slot,
      words,
      isRepeatable: true,
      isWrite: false,
    }));
}

/** Changes a key, in the turn of that key. */
export function write(
  call: Call,
  words: readonly Word[],
  isRepeatable: boolean,
): Promise<Reply> {
  const { parts: { router, lanes }, action, key } = call;
  return lanes.write(
    key.text,
    () =>
      router.run({
        action,
        slot: key.slot,
        words,
        isRepeatable,
        isWrite: true,
      }),
  );
}

/** Counts a call. */
export function count(
  { parts, bucket }: Call,
  operation: keyof BucketOperations,
): BucketOperations {
  let operations = parts.operations.get(bucket);
  if (operations === undefined) {
    operations = noOperations();
    parts.operations.set(bucket, operations);
  }
  operations[operation]++;
  return operations;
}

/** The caller may change its bytes as soon as the call has returned. */
export function copyValue(value: Value): Buffer {
  values.load(value);
  return Buffer.from(values.bytes.subarray(0, values.length));
}

/** The value in a reply; `undefined` if there is none. */
export function bytesOf(reply: Reply): Uint8Array | undefined {
  // A copy: short values lie in one large buffer together, which one would hold.
  return reply instanceof Uint8Array ? new Uint8Array(reply) : undefined;
}

/** Names a value, for errors. */
export function describe(bucket: string, key: Key): string {
  const text = typeof key === "string" ? key : new TextDecoder().decode(key);
  return `the value of ${JSON.stringify(text)} in bucket ${
    JSON.stringify(bucket)
  }`;
}
