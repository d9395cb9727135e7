/**
 * The events of an instance: those of its stores, with the bucket named where each has
 * a store of its own.
 *
 * @module
 */

import type { StoreEvent } from "../log/store_event.ts";
import type { ResolvedOptions } from "../store/options.ts";

/** An event of one of the stores of an instance. */
export type BadgerEvent = StoreEvent & {
  /** The bucket that the store is for; absent where one store has all buckets. */
  bucket?: string;
};

/** Is told what happens to the stores of an instance. */
export type BadgerListener = (event: BadgerEvent) => void;

/** The option of a store that tells `onEvent` of it and names its bucket. */
export function bucketEvents(
  bucket: string,
  onEvent: BadgerListener | undefined,
): Pick<ResolvedOptions, "onEvent"> {
  if (onEvent === undefined) return {};
  return { onEvent: (event) => onEvent({ ...event, bucket }) };
}
