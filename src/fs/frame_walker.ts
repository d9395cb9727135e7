/**
 * Goes from frame to frame through a stretch of an encrypted file.
 *
 * What a frame says of itself is believed where it follows on the frame before; else it
 * must be authentic. After bytes that are no frame the walk goes on with the next
 * authentic one, found byte by byte. Callers that need the plain text open the frame,
 * which is the proof.
 *
 * @module
 */

import {
  type FileCipher,
  FRAME_EXTRA_BYTES,
  frameStart,
  lengthOf,
  offsetOf,
  PAGE_BYTES,
  roomAt,
} from "./frame.ts";

const NOTHING = new Uint8Array(0);

/** Walks over frames. */
export class FrameWalker {
  /** Where the current frame lies in the file. */
  position = 0;
  /** Where its plain text begins; of a cut: where the plain text ends. */
  offset = 0;
  /** Bytes of its plain text; 0 for a cut. */
  length = 0;
  /** Where the plain text of the frames so far ends; -1 before the first. */
  expected: number;
  readonly #cipher: FileCipher;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #base: number;
  readonly #limit: number;
  readonly #isStrict: boolean;
  #next: number;
  /** Where the plain text was expected to go on before the current frame. */
  #expectedBefore = -1;
  /** The current frame was opened, with this result. */
  #isOpened = true;
  #plain: Uint8Array | undefined = NOTHING;

  /**
   * A walk over `bytes`, which lie at `base` of the file, where a frame begins. Its
   * plain text is expected to begin at `expected`, or anywhere if that is -1. A strict
   * walk believes authentic frames only.
   */
  constructor(
    cipher: FileCipher,
    bytes: Uint8Array,
    base: number,
    expected: number,
    isStrict: boolean,
  ) {
    this.#cipher = cipher;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#base = base;
    this.#limit = base + bytes.length;
    this.#next = base;
    this.expected = expected;
    this.#isStrict = isStrict;
  }

  /** Where the current frame ends in the file. */
  get end(): number {
    return this.position + FRAME_EXTRA_BYTES + this.length;
  }

  /** Goes to the next frame; false if there is none. */
  next(): boolean {
    let isSearching = false;
    for (let at = this.#next;; at++) {
      at = frameStart(at);
      if (at + FRAME_EXTRA_BYTES > this.#limit) {
        // The frame before may have hidden what it covered by a wrong length.
        if (isSearching || this.open() !== undefined) return false;
        at = this.#stepBack();
        isSearching = true;
        continue;
      }
      if (this.#accepts(at, isSearching || this.#isStrict)) return true;
      if (!isSearching && this.open() === undefined) at = this.#stepBack();
      isSearching = true;
    }
  }

  /** The plain text of the current frame; `undefined` if it is not authentic. */
  open(): Uint8Array | undefined {
    if (!this.#isOpened) {
      this.#isOpened = true;
      const at = this.position - this.#base;
      this.#plain = this.#cipher.open(this.#bytes, at, this.length);
    }
    return this.#plain;
  }

  /** Forgets the current frame, which is none; the search begins behind its start. */
  #stepBack(): number {
    this.#isOpened = true;
    this.#plain = NOTHING;
    this.expected = this.#expectedBefore;
    return this.position;
  }

  #accepts(position: number, mustBeAuthentic: boolean): boolean {
    const at = position - this.#base;
    const offset = offsetOf(this.#view, at);
    const length = lengthOf(this.#view, at);
    const { expected } = this;
    // The plain text before a frame takes no more room than the file before it.
    const isPlausible = length <= roomAt(position) && offset < position &&
      offset % PAGE_BYTES + length <= PAGE_BYTES &&
      position + FRAME_EXTRA_BYTES + length <= this.#limit &&
      (length > 0 ? offset >= expected : this.#mayBeCut(offset));
    if (!isPlausible) return false;
    const isBelieved = offset === expected && length > 0 && !mustBeAuthentic;
    const plain = isBelieved
      ? undefined
      : this.#cipher.open(this.#bytes, at, length);
    if (!isBelieved && plain === undefined) return false;
    this.position = position;
    this.offset = offset;
    this.length = length;
    this.#isOpened = !isBelieved;
    this.#plain = plain;
    this.#expectedBefore = expected;
    this.expected = offset + length;
    this.#next = position + FRAME_EXTRA_BYTES + length;
    return true;
  }

  /** A cut goes back to somewhere in the page that the frames before it ended in. */
  #mayBeCut(offset: number): boolean {
    if (offset === 0) return false;
    return this.expected < 0 ||
      (offset < this.expected && offset >= this.expected - PAGE_BYTES);
  }
}
