/**
 * Records that were read and wait to be brought into the books, all in one step.
 *
 * @module
 */

import type { Segment } from "../log/segment.ts";
import type { ValueLog } from "../log/value_log.ts";
import { type KeyBuffer, TAG_BUCKET } from "./key_buffer.ts";
import type { KeyLedger } from "./key_ledger.ts";
import type { Books } from "./segment_replay.ts";

const PUT = 1;
const TOMBSTONE = 2;
const CONTROL = 3;
/** kind, segment id, offset, length, expiry (2), tag and hash of the key. */
const ROW_WORDS = 8;
const ROW_BYTES = ROW_WORDS * 4;
const FIRST_BYTES = 4096;
/** Rows of one block of memory; growth copies nothing that lies in others. */
const BLOCK_BYTES = 1 << 20;

interface Block {
  bytes: Uint8Array;
  view: DataView;
  used: number;
}

/** Keeps what {@linkcode KeyLedger} would be told. */
export class StagedRecords implements Books {
  /** Records kept. */
  count = 0;
  readonly #key: KeyBuffer;
  readonly #blocks: Block[] = [];

  /** Nothing yet; `key` holds the key of each call. */
  constructor(key: KeyBuffer) {
    this.#key = key;
  }

  /** A put of the key at hand. */
  put(segment: Segment, offset: number, length: number, expiry: number): void {
    this.#add(PUT, segment, offset, length, expiry, this.#key.length);
  }

  /** A tombstone of the key at hand. */
  tombstone(segment: Segment, offset: number, length: number): void {
    this.#add(TOMBSTONE, segment, offset, length, 0, this.#key.length);
  }

  /** A control record. */
  control(segment: Segment, length: number): void {
    this.#add(CONTROL, segment, 0, length, 0, 0);
  }

  #add(
    kind: number,
    segment: Segment,
    offset: number,
    length: number,
    expiry: number,
    keyLength: number,
  ): void {
    const block = this.#room(ROW_BYTES + keyLength);
    const { bytes, view, used } = block;
    view.setUint32(used, kind, true);
    view.setUint32(used + 4, segment.id, true);
    view.setUint32(used + 8, offset, true);
    view.setUint32(used + 12, length, true);
    view.setFloat64(used + 16, expiry, true);
    const { tag, hash } = this.#key;
    view.setUint32(used + 24, keyLength | (tag & TAG_BUCKET), true);
    view.setInt32(used + 28, hash, true);
    bytes.set(this.#key.bytes.subarray(0, keyLength), used + ROW_BYTES);
    block.used = used + ROW_BYTES + keyLength;
    this.count++;
  }

  #room(needed: number): Block {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.used + needed <= last.bytes.length) {
      return last;
    }
    const usual = last === undefined ? FIRST_BYTES : BLOCK_BYTES;
    const bytes = new Uint8Array(Math.max(usual, needed));
    const block = { bytes, view: new DataView(bytes.buffer), used: 0 };
    this.#blocks.push(block);
    return block;
  }

  /** Tells the books everything, in order. The segments must be in the log. */
  tell(ledger: KeyLedger, log: ValueLog): void {
    for (const { bytes, view, used } of this.#blocks) {
      for (let at = 0; at < used;) {
        const kind = view.getUint32(at, true);
        const segment = log.get(view.getUint32(at + 4, true));
        const offset = view.getUint32(at + 8, true);
        const length = view.getUint32(at + 12, true);
        const tag = view.getUint32(at + 24, true);
        const keyLength = tag & 0xffff;
        if (kind === CONTROL) {
          ledger.control(segment, length, -1);
        } else {
          this.#key.loadHashed(
            bytes,
            view,
            at + ROW_BYTES,
            keyLength,
            (tag & TAG_BUCKET) !== 0,
            view.getInt32(at + 28, true),
          );
          if (kind === PUT) {
            const expiry = view.getFloat64(at + 16, true);
            ledger.put(segment, offset, length, expiry, -1);
          } else {
            ledger.tombstone(segment, offset, length, -1);
          }
        }
        at += ROW_BYTES + keyLength;
      }
    }
  }
}
