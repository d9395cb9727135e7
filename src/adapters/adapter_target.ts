/**
 * Where an adapter keeps its keys: a store that it opens and closes itself, or one
 * that its user has open and closes.
 *
 * @module
 */

import { StoreClosedError } from "../errors.ts";
import { Bucket } from "../store/bucket.ts";
import { KeySpace } from "../store/key_space.ts";
import type { StoreOptions } from "../store/options.ts";
import { Store } from "../store/store.ts";

/**
 * The path of a data directory or the settings of a store, which the adapter opens
 * and closes; or an open store or bucket, which it leaves open.
 */
export type AdapterTarget = string | StoreOptions | KeySpace;

/** An open key space, and what is to be done with it in the end. */
export interface OpenTarget {
  /** The keys. */
  readonly space: KeySpace;
  /** The store they are in; `undefined` if only a bucket of it was given. */
  readonly store: Store | undefined;
  /** Closes the store if it was opened for this; otherwise does nothing. */
  close(): Promise<void>;
}

/** True for an open store or bucket. */
export function isOpenTarget(target: AdapterTarget): target is KeySpace {
  return target instanceof KeySpace;
}

/** Checks what a caller gave, before anything is opened. */
export function checkTarget(target: AdapterTarget, bucket?: string): void {
  const isObject = typeof target === "object" && target !== null;
  if (typeof target !== "string" && !isObject) {
    throw new TypeError(
      "Cannot use a store: it must be a path, settings, an open store or a bucket",
    );
  }
  if (bucket !== undefined && target instanceof Bucket) {
    throw new TypeError(
      `Cannot use the bucket ${JSON.stringify(bucket)}: ` +
        "what was given is a bucket itself, and buckets have no buckets",
    );
  }
}

/** Opens the store if need be, and goes to the bucket. */
export async function openTarget(
  target: AdapterTarget,
  bucket: string | undefined,
): Promise<OpenTarget> {
  checkTarget(target, bucket);
  if (isOpenTarget(target)) {
    const store = target instanceof Store ? target : undefined;
    const space = bucket === undefined ? target : store!.bucket(bucket);
    return { space, store, close: () => Promise.resolve() };
  }
  const store = await Store.open(target);
  try {
    const space = bucket === undefined ? store : store.bucket(bucket);
    return { space, store, close: () => store.close() };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** A target that is opened when it is first used, and once closed stays so. */
export class LazyTarget {
  readonly #target: AdapterTarget;
  readonly #bucket: string | undefined;
  #opening: Promise<OpenTarget> | undefined;
  #isClosed = false;

  /** Opens nothing yet. */
  constructor(target: AdapterTarget, bucket: string | undefined) {
    checkTarget(target, bucket);
    this.#target = target;
    this.#bucket = bucket;
  }

  /** The open key space. An attempt to open that failed is made again. */
  async open(): Promise<KeySpace> {
    if (this.#isClosed) {
      throw new StoreClosedError("use a store", "its adapter is closed");
    }
    const opening = this.#opening ??= openTarget(this.#target, this.#bucket);
    try {
      return (await opening).space;
    } catch (error) {
      if (this.#opening === opening) this.#opening = undefined;
      throw error;
    }
  }

  /** Closes what was opened; a second call does nothing. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const opening = this.#opening;
    this.#opening = undefined;
    // What could not be opened needs no closing, and its error was told already.
    const opened = await opening?.catch(() => undefined);
    await opened?.close();
  }
}
