/**
 * One call of a command: its arguments and options, checked as they are asked for, and
 * the stores it opened, which are closed whatever happens.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { Buffer } from "node:buffer";
import { fromSystemError, StoreError } from "../errors.ts";
import { KEY_BYTES } from "../fs/key_ring.ts";
import { parseFileName } from "../format/file_names.ts";
import type { Bucket } from "../store/bucket.ts";
import type { EncryptionOptions } from "../store/encryption_options.ts";
import type { BucketReader } from "../store/live_reader.ts";
import { Store } from "../store/store.ts";
import { StoreReader } from "../store/store_reader.ts";
import type { RangeOptions } from "../store/types.ts";
import { namesIn } from "./files.ts";
import { Output } from "./output.ts";
import type { Surroundings } from "./surroundings.ts";
import { formatBytes, parseBytes, type TextForm } from "./text_form.ts";

/** The data directory where none is named. */
export const DEFAULT_PATH = "./data/badger";

/** A call of a command. */
export class Call {
  /** The arguments. */
  readonly args: readonly string[];
  /** What is printed. */
  readonly output: Output;
  /** Streams and environment. */
  readonly surroundings: Surroundings;
  /** Ends the work early; its reason is what the command fails with. */
  readonly signal: AbortSignal;
  readonly #options: Record<string, unknown>;
  readonly #controller: AbortController;
  #reader: StoreReader | undefined;
  #store: Store | undefined;

  /** A call with the options as the parser read them. */
  constructor(
    surroundings: Surroundings,
    args: readonly string[],
    options: Record<string, unknown>,
    controller: AbortController,
  ) {
    this.surroundings = surroundings;
    this.args = args;
    this.#options = options;
    this.signal = controller.signal;
    this.#controller = controller;
    this.output = new Output(
      surroundings,
      options["json"] === true,
      (error) => controller.abort(error),
    );
  }

  /** Ends the work; the command fails with `error`. */
  end(error: Error): void {
    this.#controller.abort(error);
  }

  /** Whether an option without value was given; `name` is in camel case. */
  flag(name: string): boolean {
    return this.#options[name] === true;
  }

  /** Whether `--no-<name>` was given. */
  isOff(name: string): boolean {
    return this.#options[name] === false;
  }

  /** The value of an option, or `undefined`. */
  text(name: string): string | undefined {
    return this.#options[name] as string | undefined;
  }

  /** The values of an option that may be repeated. */
  texts(name: string): string[] {
    return (this.#options[name] ?? []) as string[];
  }

  /**
   * The value of an option as an integer of at least `min`.
   *
   * @throws {RangeError} If it is none.
   */
  integer(name: string, min: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const number = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!(number >= min && Number.isSafeInteger(number))) {
      throw new RangeError(
        `Cannot use ${text} for --${name}: it must be an integer of at least ${min}`,
      );
    }
    return number;
  }

  /** How keys and values are written. */
  get form(): TextForm {
    if (this.flag("hex") && this.flag("base64")) {
      throw new TypeError("Cannot use --hex with --base64: give one of them");
    }
    return this.flag("hex") ? "hex" : this.flag("base64") ? "base64" : "text";
  }

  /** Reads a key. */
  key(text: string): Uint8Array {
    return parseBytes(text, this.form);
  }

  /** A key or value as it is printed. */
  show(bytes: Uint8Array): string {
    return formatBytes(bytes, this.form);
  }

  /** The range that was asked for. */
  range(): RangeOptions {
    const range: RangeOptions = {};
    for (const name of ["prefix", "start", "end"] as const) {
      const text = this.text(name);
      if (text !== undefined) range[name] = this.key(text);
    }
    return range;
  }

  /** The data directory. */
  get path(): string {
    return this.text("path") ?? DEFAULT_PATH;
  }

  /** The keys of an encrypted store, as an option of opening it. */
  encryption(): { encryption?: EncryptionOptions } {
    const file = this.text("keyFile");
    const previous = this.texts("previousKeyFile");
    if (file === undefined) {
      if (previous.length === 0) return {};
      throw new TypeError(
        "Cannot use --previous-key-file: give the new key with --key-file as well",
      );
    }
    return {
      encryption: {
        key: readKey(file),
        previousKeys: previous.map((name) => readKey(name)),
      },
    };
  }

  /** @throws {StoreError} `BAD_PATH` if there is no store. */
  requireStore(): void {
    const { path } = this;
    if (hasStore(path)) return;
    throw new StoreError(
      "BAD_PATH",
      `Cannot open ${path}: there is no store. Name its directory with --path`,
      { path },
    );
  }

  /** Opens the store for reading, whoever else has it open. */
  async reader(): Promise<StoreReader> {
    this.signal.throwIfAborted();
    const encryption = this.encryption();
    this.requireStore();
    this.#reader ??= await StoreReader.open({ path: this.path, ...encryption });
    return this.#reader;
  }

  /** Opens the keys of `--bucket` for reading, or those outside of buckets. */
  async readSpace(): Promise<StoreReader | BucketReader> {
    const reader = await this.reader();
    const bucket = this.text("bucket");
    return bucket === undefined ? reader : reader.bucket(bucket);
  }

  /** Opens the store for writing. It is made where there is none, if that is wanted. */
  async store(mayMake: boolean = false): Promise<Store> {
    this.signal.throwIfAborted();
    if (this.#store !== undefined) return this.#store;
    const { path } = this;
    const encryption = this.encryption();
    if (!mayMake) this.requireStore();
    else if (!hasStore(path)) {
      this.output.note(`A new store is made in ${path}`);
    }
    this.#store = await Store.open({ path, ...encryption });
    return this.#store;
  }

  /** Opens the keys of `--bucket` for writing, or those outside of buckets. */
  async writeSpace(mayMake: boolean = false): Promise<Store | Bucket> {
    const store = await this.store(mayMake);
    const bucket = this.text("bucket");
    return bucket === undefined ? store : store.bucket(bucket);
  }

  /** Closes what was opened, so that the store is sound and free. */
  async close(): Promise<void> {
    await this.#reader?.close();
    await this.#store?.close();
  }
}

/** True if there is a store in a directory. */
export function hasStore(path: string): boolean {
  return namesIn(path).some((name) => parseFileName(name)?.kind === "segment");
}

/** Reads a key: 32 bytes, or as many in hexadecimal or Base64. */
function readKey(file: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(readFileSync(file));
  } catch (error) {
    throw fromSystemError("read the key file", file, error);
  }
  if (bytes.length === KEY_BYTES) return bytes;
  const text = new TextDecoder().decode(bytes).trim();
  const form = /^[0-9A-Fa-f]{64}$/.test(text) ? "hex" : "base64";
  const key = new Uint8Array(Buffer.from(text, form));
  if (key.length !== KEY_BYTES) {
    throw new TypeError(
      `Cannot use ${file} as a key: it must hold ${KEY_BYTES} bytes, raw or in ` +
        `hexadecimal or Base64`,
    );
  }
  return key;
}
