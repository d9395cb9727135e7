/**
 * Reads what keys were like at a moment that is kept.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type { ReadEngine } from "./read_engine.ts";
import { type Moment, textOfKey } from "./history.ts";
import type { Segment } from "../log/segment.ts";
import { hadValue } from "./range_scan.ts";

/** Where the value of the key at hand lay at a moment. */
export interface Place {
  readonly segment: Segment;
  readonly offset: number;
  readonly length: number;
  /** When it expires; 0 if it does not. */
  readonly expiry: number;
}

/** Where the value of the key at hand lay at `moment`; `undefined` without one. */
export function placeAt(engine: ReadEngine, moment: Moment): Place | undefined {
  const { key, ledger, log } = engine;
  if (moment.hasChanged && moment.find(textOfKey(key))) {
    const { past } = moment;
    return hadValue(past, moment.time) ? past : undefined;
  }
  const { index } = ledger;
  const pointer = index.find(key);
  if (pointer === 0 || !ledger.isLive(pointer, moment.time)) return undefined;
  const { arena } = index;
  return {
    segment: log.get(arena.segmentId(pointer)),
    offset: arena.offset(pointer),
    length: arena.recordLength(pointer),
    expiry: arena.expiry(pointer),
  };
}

/**
 * The same for a key that had a value there, as a walk over the keys found.
 *
 * @throws {StoreError} `CORRUPT` if the index was forged, so that it holds the key and
 * does not find it.
 */
export function placeOfListed(engine: ReadEngine, moment: Moment): Place {
  const place = placeAt(engine, moment);
  if (place !== undefined) return place;
  const { directory } = engine.log;
  throw new StoreError(
    "CORRUPT",
    `Cannot list keys of ${directory}: the index holds a key that it does not find. ` +
      `Close the store, remove index.snapshot, and open it again`,
    { path: directory },
  );
}

/** The value of the key at hand at a place, as an array of its own. */
export function readPlaceSync(engine: ReadEngine, place: Place): Uint8Array {
  const { reader } = engine;
  const { segment, offset, length } = place;
  if (!reader.readCaptured(segment, offset, length)) {
    reader.readFile(segment, offset, length);
    return reader.buffer;
  }
  return reader.buffer.slice(reader.start, reader.end);
}

/** The same, off the event loop where the value is large. */
export function readPlace(
  engine: ReadEngine,
  place: Place,
): Uint8Array | Promise<Uint8Array> {
  const { reader } = engine;
  const { segment, offset, length } = place;
  if (!reader.readCaptured(segment, offset, length)) {
    return reader.readLargeAsync(segment, offset, length);
  }
  return reader.buffer.slice(reader.start, reader.end);
}

/** Keeps the present moment. */
export function keepMoment(engine: ReadEngine): Moment {
  const version = engine.flushedVersion();
  return engine.ledger.history.keep(engine.now(), version);
}
