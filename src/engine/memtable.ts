/**
 * A stretch of the newest log in memory, byte for byte as it is on disk. Records are
 * encoded straight into it, flushed from it and read from it without I/O.
 *
 * Values of `value_threshold` and more are left out: the image has a gap there.
 *
 * @module
 */

import { checksum } from "../format/checksum.ts";
import { FLAG_BUCKET, RecordHead } from "../format/record.ts";
import type { Segment } from "../log/segment.ts";
import type { KeyBuffer } from "./key_buffer.ts";

/** A value left out of the image. */
interface Gap {
  /** The offset of the record in the segment. */
  recordOffset: number;
  /** Bytes left out here and in all gaps before. */
  skippedBytes: number;
}

/** The image of one stretch of one segment. */
export class Memtable {
  /** The segment the stretch belongs to. */
  readonly segment: Segment;
  /** Where the stretch starts in the segment. */
  readonly start: number;
  /** The bytes. */
  image: Uint8Array;
  /** The same bytes, for numbers. */
  view: DataView;
  /** Bytes of the image in use. */
  used = 0;
  /** Bytes of the image handed to the operating system. */
  flushedUsed = 0;
  /** CRC-32 of the flushed bytes of the segment, gaps included. */
  dataChecksum = 0;
  /** Values left out, in order. */
  readonly gaps: Gap[] = [];
  readonly #head = new RecordHead();

  /** A memtable that continues `segment` at its present length. */
  constructor(segment: Segment, image: Uint8Array) {
    this.segment = segment;
    this.start = segment.length;
    this.image = image;
    this.view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  }

  /** Gives the image more room. */
  grow(capacity: number): void {
    const image = new Uint8Array(capacity);
    image.set(this.image.subarray(0, this.used));
    this.image = image;
    this.view = new DataView(image.buffer);
  }

  /** Where the stretch ends in the segment. */
  get end(): number {
    return this.start + this.used + (this.gaps.at(-1)?.skippedBytes ?? 0);
  }

  /** Loads the key of the record at a place in the image; returns the record's length. */
  loadKey(at: number, key: KeyBuffer): number {
    const head = this.#head;
    head.read(this.view, at, this.used - at);
    const isBucket = (head.flags & FLAG_BUCKET) !== 0;
    key.loadRecord(this.image, at + head.headLength, head.keyLength, isBucket);
    return head.length;
  }

  /** Notes that the value of the record at `recordOffset` is not in the image. */
  addGap(recordOffset: number, valueLength: number): void {
    const before = this.gaps.at(-1)?.skippedBytes ?? 0;
    this.gaps.push({ recordOffset, skippedBytes: before + valueLength });
  }

  /** Notes bytes of the segment as flushed. */
  noteFlushed(bytes: Uint8Array): void {
    this.dataChecksum = checksum(bytes, this.dataChecksum);
  }

  /**
   * Where the record at `offset` of `segment` lies in the image, or -1 if its value
   * does not lie here.
   */
  locate(segmentId: number, offset: number): number {
    if (segmentId !== this.segment.id || offset < this.start) return -1;
    let skipped = 0;
    if (this.gaps.length > 0) {
      const before = this.#gapsBefore(offset);
      if (this.gaps[before]?.recordOffset === offset) return -1;
      skipped = this.gaps[before - 1]?.skippedBytes ?? 0;
    }
    const at = offset - this.start - skipped;
    return at < this.used ? at : -1;
  }

  /** How many gaps belong to records before `offset`. */
  #gapsBefore(offset: number): number {
    let low = 0;
    let high = this.gaps.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.gaps[middle]!.recordOffset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
