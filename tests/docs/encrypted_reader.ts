/**
 * A second reader of encrypted files, written from FORMAT.md alone: it shares no code
 * with `src`, and has its ciphers from the Web Crypto API. What it prints is the worked
 * example there.
 *
 * @module
 */

import { crc32, FieldReader } from "./format_reader.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const SECTOR_BYTES = 65_536;
const SECTOR_REST_BYTES = 128;

function own(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes);
}

async function decrypt(
  key: Uint8Array,
  nonce: Uint8Array,
  context: Uint8Array,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  const imported = await crypto.subtle.importKey(
    "raw",
    own(key),
    "AES-GCM",
    false,
    ["decrypt"],
  );
  const settings = {
    name: "AES-GCM",
    iv: own(nonce),
    additionalData: own(context),
  };
  return new Uint8Array(
    await crypto.subtle.decrypt(settings, imported, own(sealed)),
  );
}

/** HKDF with SHA-256. */
async function derive(
  key: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  length: number,
): Promise<Uint8Array> {
  const imported = await crypto.subtle.importKey(
    "raw",
    own(key),
    "HKDF",
    false,
    ["deriveBits"],
  );
  const settings = {
    name: "HKDF",
    hash: "SHA-256",
    salt: own(salt),
    info: own(info),
  };
  return new Uint8Array(
    await crypto.subtle.deriveBits(settings, imported, length * 8),
  );
}

function require(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(`Cannot read the file: ${what}`);
}

/** A file that was read: a line for each field, and what it holds. */
export interface ReadFile<T> {
  /** A line for each field. */
  lines: string[];
  /** What the file holds. */
  content: T;
}

/** Reads `KEYS`; gives the data keys by id. */
export async function readKeys(
  bytes: Uint8Array,
  userKey: Uint8Array,
): Promise<ReadFile<Map<number, Uint8Array>>> {
  const reader = new FieldReader(bytes);
  const magic = reader.bytes(8, "magic");
  require(String.fromCharCode(...magic) === "SETTKEYS", "another magic");
  require(reader.number(2, "format version") === 1, "another version");
  require(reader.number(2, "header length") === 32, "another length");
  const count = reader.number(4, "number of keys");
  const ringId = reader.bytes(16, "ring id");
  const dataKeys = new Map<number, Uint8Array>();
  for (let i = 0; i < count; i++) {
    const start = reader.at;
    const id = reader.number(4, "data key id");
    const idBytes = reader.since(start);
    const nonce = reader.bytes(12, "nonce");
    const sealed = Uint8Array.of(
      ...reader.bytes(32, "wrapped key"),
      ...reader.bytes(16, "tag"),
    );
    const context = Uint8Array.of(...magic, ...ringId, ...idBytes);
    dataKeys.set(id, await decrypt(userKey, nonce, context, sealed));
  }
  const sum = crc32(reader.since(0));
  require(reader.checksum() === sum, "the checksum does not match");
  require(reader.isAtEnd, "there is more");
  return { lines: reader.lines, content: dataKeys };
}

/** Reads an encrypted file; gives its plain text. */
export async function readEncrypted(
  bytes: Uint8Array,
  dataKeys: ReadonlyMap<number, Uint8Array>,
): Promise<ReadFile<Uint8Array>> {
  const reader = new FieldReader(bytes);
  const magic = reader.bytes(8, "magic");
  require(String.fromCharCode(...magic) === "SETTCRPT", "another magic");
  require(reader.number(2, "format version") === 1, "another version");
  require(reader.number(2, "header length") === 64, "another length");
  const dataKey = dataKeys.get(reader.number(4, "data key id"));
  require(dataKey !== undefined, "there is no such key");
  const info = reader.since(0);
  const fileId = reader.bytes(32, "file id");
  const derived = await derive(dataKey!, fileId, info, 48);
  const proof = reader.bytes(16, "proof");
  require(proof.every((byte, i) => byte === derived[32 + i]), "another proof");
  const plain: number[] = [];
  while (!reader.isAtEnd) {
    const rest = SECTOR_BYTES - reader.at % SECTOR_BYTES;
    if (rest < SECTOR_REST_BYTES) {
      const zeros = reader.bytes(rest, "rest of the sector");
      require(zeros.every((byte) => byte === 0), "the rest is not zero");
      continue;
    }
    reader.heading(`frame at ${reader.at}`);
    const start = reader.at;
    const offset = reader.number(6, "offset");
    const length = reader.number(2, "length");
    const place = reader.since(start);
    const nonce = reader.bytes(12, "nonce");
    const cipherText = length === 0 ? [] : reader.bytes(length, "cipher text");
    const sealed = Uint8Array.of(...cipherText, ...reader.bytes(16, "tag"));
    const opened = await decrypt(
      derived.subarray(0, 32),
      nonce,
      place,
      sealed,
    );
    if (length === 0) plain.length = offset;
    require(offset === plain.length, "the frame does not follow");
    for (const byte of opened) plain.push(byte);
  }
  return { lines: reader.lines, content: Uint8Array.from(plain) };
}
