/**
 * What an encrypted file holds, as plain text: the part that all handles of one file
 * share. Bytes are appended as frames, read by opening them, and cut.
 *
 * Rules:
 * - What is not authentic is never handed out. In its place stands noise, which is no
 *   record anywhere and is drawn anew by each process, so that a reader's own checksums
 *   refuse it: at the end of the newest segment it reads as a torn tail, in any other
 *   place as damage.
 * - Bytes behind the last authentic frame count as noise too, about as many as are
 *   there: a torn end is seen, not hidden.
 * - Nothing is overwritten but by itself. A cut inside of a frame is a frame of its own,
 *   behind the one it cuts.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import { type FileHandle, readFully, writeFully } from "./file_system.ts";
import {
  type FileCipher,
  FRAME_EXTRA_BYTES,
  frameStart,
  HEAD_BYTES,
  type NonceSource,
  PAGE_BYTES,
  roomAt,
  SECTOR_BYTES,
  SECTOR_REST_BYTES,
} from "./frame.ts";
import { decipher } from "./decipher.ts";
import { findLastFrame, FrameMap, readStretch } from "./frame_map.ts";
import { FrameWalker } from "./frame_walker.ts";

/** Plain text that one call reads or writes at most. */
const CALL_BYTES_MAX = 1 << 20;
/** The same off the event loop, where deciphering holds others up. */
const ASYNC_BYTES_MAX = 1 << 18;
/** Bytes of frames that one call reads at most, if they are of more than one page. */
const READ_BYTES_MAX = 1 << 21;
const NOTHING = new Uint8Array(0);

/** What the files of one file system share. */
export interface Tools {
  /** Nonces for new frames. */
  readonly nonces: NonceSource;
  /** A page of bytes that stand for what is not authentic. */
  noise(): Uint8Array;
  /** The cipher of a new file. */
  newCipher(): FileCipher;
  /** The cipher of a file that begins with these bytes; `undefined` if none fits. */
  findCipher(
    head: Uint8Array,
    path: string,
    size: number,
  ): FileCipher | undefined;
  /** A buffer of at least `length` bytes, free until the next call. */
  scratch(length: number): Uint8Array;
}

/** A stretch of a file that has the frames of `count` bytes of plain text. */
interface Stretch {
  from: number;
  to: number;
  count: number;
}

/** The plain text of a file. */
export class EncryptedContent {
  /** Where the file lies now. */
  path: string;
  /** How many handles share it. */
  handles = 0;
  readonly #tools: Tools;
  /** Absent while nothing was written, and where the file's head is damaged. */
  #cipher: FileCipher | undefined;
  #map: FrameMap | undefined;
  #isUnreadable = false;
  /** Bytes up to the end of the last authentic frame. */
  #soundLength = 0;
  /** The same with the noise behind it. */
  #length = 0;
  /** A write broke off: behind the last frame may lie a part of another. */
  #isTorn = false;

  /** The content of a file that lies at `path` and is new. */
  constructor(path: string, tools: Tools) {
    this.path = path;
    this.#tools = tools;
  }

  /** The content of a file that was there before. */
  static resume(
    path: string,
    tools: Tools,
    file: FileHandle,
  ): EncryptedContent {
    const content = new EncryptedContent(path, tools);
    content.lookAgain(file);
    return content;
  }

  /** Finds out what the file holds now. */
  lookAgain(file: FileHandle): void {
    const size = file.size();
    if (size === 0) return;
    const cipher = this.#cipher ?? this.#tools.findCipher(
      readStretch(file, 0, HEAD_BYTES),
      this.path,
      size,
    );
    this.#isUnreadable = cipher === undefined;
    let end = HEAD_BYTES;
    if (cipher !== undefined) {
      const last = findLastFrame(file, cipher, size);
      end = last.end;
      this.#cipher = cipher;
      // Others may have cut frames and put other ones in their place.
      this.#map = new FrameMap(cipher, end);
      this.#soundLength = last.length;
    }
    this.#length = this.#soundLength + noiseLength(size - end);
  }

  /** Bytes of plain text. */
  get length(): number {
    return this.#length;
  }

  /** Where the last frame ends in the file. */
  get #end(): number {
    return this.#map?.end ?? 0;
  }

  /** Reads as a handle does. */
  read(
    file: FileHandle,
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): number {
    const { from, to, count } = this.#find(
      file,
      position,
      Math.min(length, CALL_BYTES_MAX),
    );
    if (count === 0) return 0;
    const bytes = this.#tools.scratch(to - from).subarray(0, to - from);
    const got = readFully(file, bytes, 0, bytes.length, from);
    const plain = target.subarray(targetOffset, targetOffset + count);
    this.#decipher(bytes.subarray(0, got), from, plain, position);
    return count;
  }

  /** The same with the file read off the event loop. */
  async readAsync(
    file: FileHandle,
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): Promise<number> {
    const { from, to, count } = this.#find(
      file,
      position,
      Math.min(length, ASYNC_BYTES_MAX),
    );
    if (count === 0) return 0;
    const bytes = new Uint8Array(to - from);
    let got = 0;
    while (got < bytes.length) {
      const step = await file.readAsync(
        bytes,
        got,
        bytes.length - got,
        from + got,
      );
      if (step === 0) break;
      got += step;
    }
    const plain = target.subarray(targetOffset, targetOffset + count);
    this.#decipher(bytes.subarray(0, got), from, plain, position);
    return count;
  }

  /** Finds the frames of up to `length` bytes of plain text at `position`. */
  #find(file: FileHandle, position: number, length: number): Stretch {
    let count = Math.max(0, Math.min(length, this.#length - position));
    const end = this.#end;
    const map = this.#map;
    if (map === undefined || position >= this.#soundLength || count === 0) {
      return { from: end, to: end, count };
    }
    const first = Math.floor(position / PAGE_BYTES);
    let next = Math.floor((position + count - 1) / PAGE_BYTES) + 1;
    const from = map.locate(file, first);
    let to = this.#locateNext(file, map, next);
    while (to - from > READ_BYTES_MAX && next > first + 1) {
      next = first + ((next - first) >> 1);
      to = this.#locateNext(file, map, next);
    }
    count = Math.min(count, next * PAGE_BYTES - position);
    return { from, to, count };
  }

  #locateNext(file: FileHandle, map: FrameMap, page: number): number {
    return page * PAGE_BYTES >= this.#soundLength
      ? map.end
      : map.locate(file, page);
  }

  #decipher(
    frames: Uint8Array,
    from: number,
    plain: Uint8Array,
    position: number,
  ): void {
    const walker = frames.length === 0 ? undefined : new FrameWalker(
      this.#cipher!,
      frames,
      from,
      position - position % PAGE_BYTES,
      false,
    );
    decipher(walker, plain, position, () => this.#tools.noise());
  }

  /** Writes as a handle does, but at the end only. */
  write(
    file: FileHandle,
    source: Uint8Array,
    sourceOffset: number,
    length: number,
    position: number,
  ): number {
    if (this.#isUnreadable) throw this.#refusal("its head is damaged");
    const count = Math.min(length, CALL_BYTES_MAX);
    const bytes = source.subarray(sourceOffset, sourceOffset + count);
    if (position !== this.#soundLength || position !== this.#length) {
      throw this.#refusal("an encrypted file is written at its end only");
    }
    this.#append(file, bytes);
    return count;
  }

  #refusal(reason: string): StoreError {
    const { path } = this;
    return new StoreError("IO", `Cannot write ${path}: ${reason}`, { path });
  }

  #append(file: FileHandle, plain: Uint8Array): void {
    const end = this.#end;
    if (this.#isTorn) file.truncate(end);
    this.#isTorn = false;
    const cipher = this.#cipher ?? this.#tools.newCipher();
    const map = this.#map ?? new FrameMap(cipher, end);
    const bytes = this.#tools.scratch(scratchLength(plain.length));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (end === 0) bytes.set(cipher.head);
    let at = end === 0 ? HEAD_BYTES : 0;
    for (let done = 0; done < plain.length;) {
      const position = frameStart(end + at);
      bytes.fill(0, at, position - end);
      at = position - end;
      const offset = this.#soundLength + done;
      const within = offset % PAGE_BYTES;
      if (within === 0) map.note(offset / PAGE_BYTES, position);
      const step = Math.min(
        plain.length - done,
        PAGE_BYTES - within,
        roomAt(position),
      );
      const part = plain.subarray(done, done + step);
      const nonce = this.#tools.nonces.next();
      at = cipher.seal(bytes, view, at, part, offset, nonce);
      done += step;
    }
    try {
      writeFully(file, bytes, 0, at, end);
    } catch (error) {
      this.#isTorn = true;
      map.cut(Math.ceil(this.#soundLength / PAGE_BYTES), end);
      throw error;
    }
    // Only now: until its head is there, a file may begin with another.
    this.#cipher = cipher;
    this.#map = map;
    map.end = end + at;
    this.#soundLength = this.#length = this.#soundLength + plain.length;
  }

  /**
   * Puts the cipher text of the bytes from `from` up to `to` once more. It is not opened:
   * that it is sound is for the reader to see.
   */
  renew(file: FileHandle, from: number, to: number): void {
    for (let position = from; position < to;) {
      const wanted = Math.min(to - position, CALL_BYTES_MAX);
      const stretch = this.#find(file, position, wanted);
      if (stretch.count === 0) throw this.#refusal(`it ends before ${to}`);
      const frames = readStretch(file, stretch.from, stretch.to);
      writeFully(file, frames, 0, frames.length, stretch.from);
      position += stretch.count;
    }
  }

  /** Cuts the plain text to `length` bytes. */
  truncate(file: FileHandle, length: number): void {
    if (this.#isUnreadable) throw this.#refusal("its head is damaged");
    const map = this.#map;
    if (map === undefined || length >= this.#length) {
      // The file may be longer than its frames where a write broke off.
      if (this.#isTorn) file.truncate(this.#end);
      this.#isTorn = false;
      return;
    }
    const noise = length - this.#soundLength;
    if (noise > 0) {
      file.truncate(map.end + FRAME_EXTRA_BYTES + noise);
      this.#length = length;
      return;
    }
    const { end, reached } = this.#lastFrameBefore(file, map, length);
    if (reached < length) throw this.#refusal(`it is damaged at ${reached}`);
    file.truncate(end);
    this.#isTorn = false;
    map.cut(Math.ceil(length / PAGE_BYTES), end);
    this.#soundLength = this.#length = reached;
    if (reached > length) this.#cut(file, map, length);
  }

  /** Ends the plain text inside of the last frame. */
  #cut(file: FileHandle, map: FrameMap, length: number): void {
    const { end } = map;
    const start = frameStart(end);
    const bytes = new Uint8Array(start - end + FRAME_EXTRA_BYTES);
    const view = new DataView(bytes.buffer);
    const nonce = this.#tools.nonces.next();
    this.#cipher!.seal(bytes, view, start - end, NOTHING, length, nonce);
    // If we crash before this is on the medium, the frame is whole again: what was to
    // be cut is met again, and cut again.
    this.#isTorn = true;
    writeFully(file, bytes, 0, bytes.length, end);
    this.#isTorn = false;
    map.end = end + bytes.length;
    this.#soundLength = this.#length = length;
  }

  /** The last frame that has plain text before `length`, with the cut behind it. */
  #lastFrameBefore(
    file: FileHandle,
    map: FrameMap,
    length: number,
  ): { end: number; reached: number } {
    if (length === 0) return { end: HEAD_BYTES, reached: 0 };
    const page = Math.floor((length - 1) / PAGE_BYTES);
    const from = map.locate(file, page);
    const to = this.#locateNext(file, map, page + 1);
    const frames = readStretch(file, from, to);
    const start = page * PAGE_BYTES;
    const walker = new FrameWalker(this.#cipher!, frames, from, start, false);
    let end = from;
    let reached = start;
    while (walker.next()) {
      if (walker.offset >= length) {
        if (walker.length > 0) break;
        continue; // a cut further on, of a frame that is cut here
      }
      end = walker.end;
      reached = walker.expected;
    }
    return { end, reached };
  }
}

/** Bytes of noise that `bytes` behind the last authentic frame count as. */
function noiseLength(bytes: number): number {
  return bytes > 0 ? Math.max(1, bytes - FRAME_EXTRA_BYTES) : 0;
}

/** Bytes that suffice for a file's head and the frames of `length` bytes. */
function scratchLength(length: number): number {
  // A frame for each page or part of one, and for each that a sector's end divides.
  const pages = Math.ceil(length / PAGE_BYTES) + 1;
  const sectors = Math.ceil(2 * length / SECTOR_BYTES) + 2;
  return HEAD_BYTES + length + pages * FRAME_EXTRA_BYTES +
    sectors * (FRAME_EXTRA_BYTES + SECTOR_REST_BYTES);
}
