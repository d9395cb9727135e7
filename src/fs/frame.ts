/**
 * The bytes of an encrypted file: its head, and frames of cipher text.
 *
 * ```text
 * file  := head frame*
 * head  := magic "SETTCRPT", format version u16, head length u16, data key id u32,
 *          file id (32 bytes), proof (16 bytes)
 * frame := offset u48, length u16, nonce (12 bytes), cipher text, tag (16 bytes)
 * ```
 *
 * A frame holds a stretch of one page of 4,096 bytes of plain text and lies in one
 * sector of 65,536 bytes of the file; where too little is left of a sector, it stays
 * zero. A frame without plain text is a cut: the plain text ends at its offset.
 *
 * The key of a file is derived from the data key and the file's own random id, so a
 * frame of one file is none in another; offset and length are authenticated, so a
 * frame is none in another place. Nonces are random: what follows a cut never meets a
 * nonce that was used before it.
 *
 * @module
 */

import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";

/** Plain text that is divided into frames by itself. */
export const PAGE_BYTES = 4096;
/** No frame crosses a multiple of this in the file; where one is, a frame begins. */
export const SECTOR_BYTES = 65_536;
/** Bytes of the head of a file. */
export const HEAD_BYTES = 64;
/** Bytes of a frame beside its cipher text. */
export const FRAME_EXTRA_BYTES = 36;
/** Where less than this is left of a sector, no frame begins. */
export const SECTOR_REST_BYTES = 128;

const MAGIC = "SETTCRPT";
const FORMAT_VERSION = 1;
const FILE_ID_BYTES = 32;
const INFO_BYTES = 16;
const PROOF_BYTES = 16;
const KEY_BYTES = 32;
const PLACE_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = "aes-256-gcm";
const OPTIONS = { authTagLength: TAG_BYTES } as const;
/** Nonces that are drawn together. */
const NONCES_A_DRAW = 64;

/** Draws unpredictable bytes. */
export type RandomBytes = (length: number) => Uint8Array;

/** Where a frame that would follow at `position` of a file begins. */
export function frameStart(position: number): number {
  const rest = SECTOR_BYTES - position % SECTOR_BYTES;
  return rest < SECTOR_REST_BYTES ? position + rest : position;
}

/** The most plain text that a frame at `position` has room for. */
export function roomAt(position: number): number {
  return SECTOR_BYTES - position % SECTOR_BYTES - FRAME_EXTRA_BYTES;
}

/** The offset that a frame at `at` of `view` names. */
export function offsetOf(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint16(at + 4, true) * 2 ** 32;
}

/** The length that a frame at `at` of `view` names. */
export function lengthOf(view: DataView, at: number): number {
  return view.getUint16(at + 6, true);
}

/** The data key that a file's head names; `undefined` if it is no head. */
export function dataKeyIdOf(head: Uint8Array): number | undefined {
  if (head.length < HEAD_BYTES || !isEncrypted(head)) return undefined;
  return new DataView(head.buffer, head.byteOffset).getUint32(12, true);
}

/** True if a file that begins with these bytes is an encrypted one. */
export function isEncrypted(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(0, MAGIC.length)) === MAGIC;
}

/** True if a newer version wrote the file. */
export function isOfNewerFormat(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  // A single flipped bit of the version must read as damage.
  return head.length >= 12 && isEncrypted(head) &&
    view.getUint16(8, true) > FORMAT_VERSION &&
    view.getUint16(10, true) > HEAD_BYTES;
}

/** Nonces, drawn many at a time. */
export class NonceSource {
  readonly #randomBytes: RandomBytes;
  #drawn: Uint8Array = new Uint8Array(0);
  #at = 0;

  /** A source over the machine's randomness. */
  constructor(randomBytes: RandomBytes) {
    this.#randomBytes = randomBytes;
  }

  /** The next nonce, valid until the next call. */
  next(): Uint8Array {
    if (this.#at === this.#drawn.length) {
      this.#drawn = this.#randomBytes(NONCES_A_DRAW * NONCE_BYTES);
      this.#at = 0;
    }
    return this.#drawn.subarray(this.#at, this.#at += NONCE_BYTES);
  }
}

/** Seals and opens the frames of one file. */
export class FileCipher {
  /** The head of the file. */
  readonly head: Uint8Array;
  readonly #key: Uint8Array;

  private constructor(head: Uint8Array, key: Uint8Array) {
    this.head = head;
    this.#key = key;
  }

  /** The cipher of a new file. */
  static create(
    keyId: number,
    dataKey: Uint8Array,
    randomBytes: RandomBytes,
  ): FileCipher {
    const head = new Uint8Array(HEAD_BYTES);
    const view = new DataView(head.buffer);
    new TextEncoder().encodeInto(MAGIC, head);
    view.setUint16(8, FORMAT_VERSION, true);
    view.setUint16(10, HEAD_BYTES, true);
    view.setUint32(12, keyId, true);
    head.set(randomBytes(FILE_ID_BYTES), INFO_BYTES);
    const { key, proof } = deriveKey(dataKey, head);
    head.set(proof, INFO_BYTES + FILE_ID_BYTES);
    return new FileCipher(head, key);
  }

  /** The cipher of a file with this head; `undefined` if that is not sound. */
  static resume(
    head: Uint8Array,
    dataKey: Uint8Array,
  ): FileCipher | undefined {
    const { key, proof } = deriveKey(dataKey, head);
    const found = head.subarray(INFO_BYTES + FILE_ID_BYTES);
    return proof.every((byte, i) => byte === found[i])
      ? new FileCipher(head, key)
      : undefined;
  }

  /** Writes the frame of `plain` at `at` of `target`; returns where it ends. */
  seal(
    target: Uint8Array,
    view: DataView,
    at: number,
    plain: Uint8Array,
    offset: number,
    nonce: Uint8Array,
  ): number {
    view.setUint32(at, offset, true);
    view.setUint16(at + 4, Math.floor(offset / 2 ** 32), true);
    view.setUint16(at + 6, plain.length, true);
    target.set(nonce, at + PLACE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce, OPTIONS);
    cipher.setAAD(target.subarray(at, at + PLACE_BYTES));
    const start = at + PLACE_BYTES + NONCE_BYTES;
    if (plain.length > 0) target.set(cipher.update(plain), start);
    cipher.final();
    target.set(cipher.getAuthTag(), start + plain.length);
    return at + FRAME_EXTRA_BYTES + plain.length;
  }

  /** The plain text of the frame at `at`; `undefined` if it is not authentic. */
  open(bytes: Uint8Array, at: number, length: number): Uint8Array | undefined {
    const start = at + PLACE_BYTES + NONCE_BYTES;
    const end = start + length;
    const decipher = createDecipheriv(
      CIPHER,
      this.#key,
      bytes.subarray(at + PLACE_BYTES, start),
      OPTIONS,
    );
    decipher.setAAD(bytes.subarray(at, at + PLACE_BYTES));
    decipher.setAuthTag(bytes.subarray(end, end + TAG_BYTES));
    const plain = length === 0
      ? new Uint8Array(0)
      : decipher.update(bytes.subarray(start, end));
    try {
      decipher.final();
      return plain;
    } catch {
      return undefined;
    }
  }
}

/** HKDF with SHA-256 (RFC 5869): the key of a file, and the proof that it is the one. */
function deriveKey(
  dataKey: Uint8Array,
  head: Uint8Array,
): { key: Uint8Array; proof: Uint8Array } {
  const salt = head.subarray(INFO_BYTES, INFO_BYTES + FILE_ID_BYTES);
  const info = head.subarray(0, INFO_BYTES);
  const bytes = new Uint8Array(
    hkdfSync("sha256", dataKey, salt, info, KEY_BYTES + PROOF_BYTES),
  );
  return { key: bytes.slice(0, KEY_BYTES), proof: bytes.slice(KEY_BYTES) };
}
