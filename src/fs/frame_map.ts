/**
 * Where in an encrypted file the plain text lies.
 *
 * For each page: the position of the first sound frame at or behind the page's start,
 * so that the frames of a run of pages lie between two entries. The map is filled
 * sector by sector as pages are asked for; nothing is read at open but the last frames,
 * and 8 bytes are kept for 4,096. The sector of a page is found by halving: each begins
 * with a frame, and frames say where they belong.
 *
 * Heads are believed here as far as one follows on the other. An entry that is wrong
 * for it leads to noise, never to wrong bytes: whatever is read is authenticated.
 *
 * @module
 */

import { type FileHandle, readFully } from "./file_system.ts";
import {
  type FileCipher,
  FRAME_EXTRA_BYTES,
  HEAD_BYTES,
  PAGE_BYTES,
  SECTOR_BYTES,
} from "./frame.ts";
import { FrameWalker } from "./frame_walker.ts";

/** Entries that are kept together: those of 2 MiB. */
const BLOCK_ENTRIES = 512;
const UNKNOWN = 0;
/** The first frame of a sector is not authentic. */
const NO_START = -1;

/** Reads a stretch of a file, as much of it as there is. */
export function readStretch(
  file: FileHandle,
  from: number,
  to: number,
): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, to - from));
  return bytes.subarray(0, readFully(file, bytes, 0, bytes.length, from));
}

/** The last sound frame of a file. */
export interface LastFrame {
  /** Where it ends in the file. */
  end: number;
  /** Where the plain text ends with it. */
  length: number;
}

/** Finds the last authentic frame of a file of `size` bytes. */
export function findLastFrame(
  file: FileHandle,
  cipher: FileCipher,
  size: number,
): LastFrame {
  const last: LastFrame = { end: HEAD_BYTES, length: 0 };
  for (let at = sectorStart(size - 1); at >= 0; at -= SECTOR_BYTES) {
    const from = Math.max(at, HEAD_BYTES);
    const bytes = readStretch(file, from, Math.min(at + SECTOR_BYTES, size));
    const expected = at === 0 ? 0 : -1;
    const walker = new FrameWalker(cipher, bytes, from, expected, true);
    while (walker.next()) {
      last.end = walker.end;
      last.length = walker.expected;
    }
    if (last.end > HEAD_BYTES) break;
  }
  return last;
}

function sectorStart(position: number): number {
  return position - position % SECTOR_BYTES;
}

/** Says where pages begin. */
export class FrameMap {
  /** Where the last sound frame ends in the file. */
  end: number;
  readonly #cipher: FileCipher;
  readonly #pages: (Float64Array | undefined)[] = [];
  /** Where the plain text of each sector's first frame begins. */
  readonly #starts: number[] = [0];

  /** A map of a file whose frames end at `end`. */
  constructor(cipher: FileCipher, end: number) {
    this.#cipher = cipher;
    this.end = end;
  }

  /** Notes the first frame of a page. */
  note(page: number, position: number): void {
    const block = Math.floor(page / BLOCK_ENTRIES);
    const entries = this.#pages[block] ??= new Float64Array(BLOCK_ENTRIES);
    entries[page % BLOCK_ENTRIES] = position;
  }

  #known(page: number): number {
    const entries = this.#pages[Math.floor(page / BLOCK_ENTRIES)];
    return entries?.[page % BLOCK_ENTRIES] ?? UNKNOWN;
  }

  /** Forgets what lies behind a cut: all pages from `page` on. */
  cut(page: number, end: number): void {
    const blocks = Math.ceil(page / BLOCK_ENTRIES);
    if (this.#pages.length > blocks) this.#pages.length = blocks;
    this.#pages[blocks - 1]?.fill(UNKNOWN, page - (blocks - 1) * BLOCK_ENTRIES);
    const sectors = Math.max(1, Math.ceil(end / SECTOR_BYTES));
    if (this.#starts.length > sectors) this.#starts.length = sectors;
    this.end = end;
  }

  /** Where the first sound frame at or behind the start of a page begins. */
  locate(file: FileHandle, page: number): number {
    const known = this.#known(page);
    if (known !== UNKNOWN) return known;
    this.#fill(file, page);
    return this.#known(page) || this.end;
  }

  /** Walks from the sector in which a page begins until the page is found. */
  #fill(file: FileHandle, page: number): void {
    let sector = this.#findSector(file, page * PAGE_BYTES);
    let expected = sector === 0 ? 0 : -1;
    let last = -1;
    for (; sector * SECTOR_BYTES < this.end; sector++) {
      const from = Math.max(HEAD_BYTES, sector * SECTOR_BYTES);
      const to = Math.min((sector + 1) * SECTOR_BYTES, this.end);
      const bytes = readStretch(file, from, to);
      const walker = new FrameWalker(
        this.#cipher,
        bytes,
        from,
        expected,
        false,
      );
      while (walker.next()) {
        const own = Math.floor(walker.offset / PAGE_BYTES);
        if (last < 0 && expected < 0) {
          // The page of the first frame may begin in the sector before.
          last = walker.offset % PAGE_BYTES === 0 ? own - 1 : own;
        }
        while (last < own) {
          last++;
          if (this.#known(last) === UNKNOWN) this.note(last, walker.position);
        }
      }
      expected = walker.expected;
      if (this.#known(page) !== UNKNOWN) return;
    }
  }

  /** The last sector whose plain text begins at or before `offset`. */
  #findSector(file: FileHandle, offset: number): number {
    let low = 0;
    let high = Math.floor((this.end - 1) / SECTOR_BYTES);
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      let sector = middle;
      while (sector <= high && this.#startOf(file, sector) === NO_START) {
        sector++;
      }
      if (sector <= high && this.#startOf(file, sector) <= offset) low = sector;
      else high = middle - 1;
    }
    return low;
  }

  /** Where the plain text of a sector begins, by its first frame. */
  #startOf(file: FileHandle, sector: number): number {
    return this.#starts[sector] ??= this.#readStart(file, sector);
  }

  #readStart(file: FileHandle, sector: number): number {
    const position = sector * SECTOR_BYTES;
    const to = Math.min(
      position + FRAME_EXTRA_BYTES + PAGE_BYTES,
      this.end,
    );
    const bytes = readStretch(file, position, to);
    const walker = new FrameWalker(this.#cipher, bytes, position, -1, true);
    return walker.next() && walker.position === position
      ? walker.offset
      : NO_START;
  }
}
