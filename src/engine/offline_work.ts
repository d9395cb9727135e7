/**
 * How verifying and salvage let others have their turn, tell how far they are and hear
 * that they shall end.
 *
 * @module
 */

import type { Host } from "../fs/file_system.ts";
import type { OfflineSegment } from "./offline_segments.ts";

/** How far the reading of a store that is not open is. */
export interface OfflineProgress {
  /** Bytes of segments that were read. */
  bytes: number;
  /** Bytes of all segments. */
  totalBytes: number;
}

/** How reading a store that is not open goes. */
export interface OfflineWorkOptions {
  /** Ends it with the signal's reason. */
  signal?: AbortSignal;
  /** Called now and then. */
  onProgress?: (progress: OfflineProgress) => void;
}

/** The reading of all segments, one after the other. */
export class OfflineWork {
  readonly #host: Host;
  readonly #options: OfflineWorkOptions;
  readonly #totalBytes: number;
  #doneBytes = 0;

  /** Starts before the first of `segments`. */
  constructor(
    host: Host,
    segments: readonly OfflineSegment[],
    options: OfflineWorkOptions,
  ) {
    this.#host = host;
    this.#options = options;
    this.#totalBytes = segments.reduce((sum, { size }) => sum + size, 0);
    options.signal?.throwIfAborted();
  }

  /** Lets others have their turn, if it is time, at an offset of the segment at hand. */
  async breathe(offset: number): Promise<void> {
    if (!this.#host.shouldBreathe()) return;
    this.#tell(this.#doneBytes + offset);
    await this.#host.breathe();
    this.#options.signal?.throwIfAborted();
  }

  /** Goes on to the next segment. */
  done({ size }: OfflineSegment): void {
    this.#doneBytes += size;
    this.#tell(this.#doneBytes);
  }

  #tell(bytes: number): void {
    const totalBytes = this.#totalBytes;
    this.#options.onProgress?.({ bytes, totalBytes });
  }
}
