/**
 * The commands of golden scripts, over files in memory, with a clock that only
 * `advance` moves and randomness that is always the same.
 *
 * @module
 */

import type { Engine } from "../../src/engine/engine.ts";
import {
  TAG_EXPIRING,
  TAG_SWEPT,
  TAG_TOMBSTONE,
} from "../../src/engine/key_arena.ts";
import { TAG_BUCKET } from "../../src/engine/key_buffer.ts";
import { StoreError } from "../../src/errors.ts";
import { joinPath, readFile } from "../../src/fs/file_system.ts";
import { OPTION_RULES } from "../../src/store/options.ts";
import type { KeySpace } from "../../src/store/key_space.ts";
import { openEngine, Store } from "../../src/store/store.ts";
import { checkBooks } from "../support/check_books.ts";
import { FixedHost } from "../support/fixed_host.ts";
import { dumpFile, printable } from "./dump.ts";

const DIRECTORY = "/store";

/** The arguments of a command: those with a name, and the others in their order. */
class Arguments {
  readonly plain: string[] = [];
  readonly named: Map<string, string> = new Map();

  constructor(tokens: string[]) {
    for (const token of tokens) {
      const match = /^([a-zA-Z]\w*)=([^]*)$/.exec(token);
      if (match === null) this.plain.push(token);
      else this.named.set(match[1]!, match[2]!);
    }
  }

  /** The argument at a place. */
  at(index: number): string {
    const argument = this.plain[index];
    if (argument === undefined) throw new Error("An argument is missing");
    return argument;
  }

  /** A named number. */
  number(name: string): number | undefined {
    const text = this.named.get(name);
    return text === undefined ? undefined : Number(text);
  }
}

/** `times:text` repeats the text, for values too long to write down. */
function valueOf(argument: string): string {
  const match = /^(\d+):([^]*)$/.exec(argument);
  return match === null ? argument : match[2]!.repeat(Number(match[1]));
}

/** The store that a script works on. */
export class ScriptStore {
  #host = new FixedHost();
  #engine: Engine | undefined;
  #store: Store | undefined;
  /** Bytes that are not what was written; flipped again they are. */
  readonly #flipped: Set<string> = new Set();

  /** Runs one command; what it throws becomes its output. */
  async run(tokens: string[]): Promise<string[]> {
    const [name, ...rest] = tokens;
    try {
      const lines = await this.#run(name!, rest);
      if (this.#engine?.status === "open" && this.#flipped.size === 0) {
        checkBooks(this.#engine);
      }
      return lines;
    } catch (error) {
      const isExpected = error instanceof StoreError ||
        error instanceof RangeError || error instanceof TypeError;
      if (!isExpected) throw error;
      const code = error instanceof StoreError ? error.code : error.name;
      return [`error ${code}: ${error.message}`];
    }
  }

  get #open(): Store {
    if (this.#store === undefined) throw new Error("No store is open");
    return this.#store;
  }

  #space(options: Arguments): KeySpace {
    const bucket = options.named.get("bucket");
    return bucket === undefined ? this.#open : this.#open.bucket(bucket);
  }

  async #run(name: string, tokens: string[]): Promise<string[]> {
    const options = new Arguments(tokens);
    switch (name) {
      case "open":
        return this.#openStore(options);
      case "close":
        await this.#open.close();
        return [];
      case "crash":
        // What was handed to the operating system is there, nothing else.
        this.#host = this.#host.afterKill(DIRECTORY);
        this.#engine = this.#store = undefined;
        return [];
      case "advance":
        await this.#host.advance(Number(options.at(0)));
        return [];
      case "set":
        await this.#set(options);
        return [];
      case "setIfAbsent": {
        const [key, value] = [options.at(0), valueOf(options.at(1))];
        return [`${await this.#space(options).setIfAbsent(key, value)}`];
      }
      case "delete":
        return [`${await this.#space(options).delete(options.at(0))}`];
      case "batch":
        await this.#batch(tokens);
        return [];
      case "sync":
        await this.#open.sync();
        return [];
      case "gc":
        return await this.#gc(options);
      default:
        return await this.#show(name, options);
    }
  }

  async #show(name: string, options: Arguments): Promise<string[]> {
    switch (name) {
      case "get": {
        const value = await this.#space(options).get(options.at(0));
        const shown = value === undefined ? "nothing" : `"${printable(value)}"`;
        return [`${options.at(0)} is ${shown}`];
      }
      case "list":
        return await this.#list(options);
      case "size":
        return [`${this.#open.size} keys`];
      case "segments":
        return this.#segments();
      case "index":
        return this.#index();
      case "files":
        return this.#names().map((file) => {
          const bytes = readFile(this.#host.files, joinPath(DIRECTORY, file));
          return `${file} ${bytes.length}`;
        });
      case "dump": {
        const names = options.plain.length > 0 ? options.plain : this.#names();
        return names.flatMap((file) =>
          dumpFile(this.#host.files, DIRECTORY, file)
        );
      }
      default:
        return this.#damage(name, options);
    }
  }

  #names(): string[] {
    return this.#host.files.list(DIRECTORY).toSorted();
  }

  #openStore(options: Arguments): string[] {
    const settings: Record<string, unknown> = {
      path: DIRECTORY,
      valueLogGcEnabled: false,
    };
    for (const [name, text] of options.named) {
      const rule = OPTION_RULES.find((rule) => rule.name === name);
      settings[name] = rule?.type === "boolean"
        ? text === "true"
        : Number(text);
    }
    this.#engine = openEngine(settings, this.#host);
    this.#store = new Store(this.#engine);
    const {
      source,
      segments,
      rowsFromHints,
      recordsReplayed,
      bytesCut,
      lostFile,
    } = this.#engine.recovery;
    const parts = [`${source}`, `${segments} segments`];
    if (rowsFromHints > 0) parts.push(`${rowsFromHints} rows from hints`);
    if (recordsReplayed > 0) parts.push(`${recordsReplayed} records replayed`);
    if (bytesCut > 0) parts.push(`${bytesCut} bytes cut, kept in ${lostFile}`);
    return [`open: ${parts.join(", ")}`];
  }

  async #set(options: Arguments): Promise<void> {
    const expireIn = options.number("ttl");
    await this.#space(options).set(
      options.at(0),
      valueOf(options.at(1)),
      expireIn === undefined ? {} : { expireIn },
    );
  }

  /** Operations are separated by `;`. */
  async #batch(tokens: string[]): Promise<void> {
    const batch = this.#open.batch();
    for (const operation of tokens.join("\u0000").split("\u0000;\u0000")) {
      const [name, ...rest] = operation.split("\u0000");
      const options = new Arguments(rest);
      const [expireIn, bucket] = [
        options.number("ttl"),
        options.named.get("bucket"),
      ];
      const target = {
        ...(expireIn === undefined ? {} : { expireIn }),
        ...(bucket === undefined ? {} : { bucket }),
      };
      if (name === "set") {
        batch.set(options.at(0), valueOf(options.at(1)), target);
      } else if (name === "delete") batch.delete(options.at(0), target);
      else throw new Error(`A batch cannot ${name}`);
    }
    await batch.commit();
  }

  async #gc(options: Arguments): Promise<string[]> {
    const discardRatio = options.number("ratio");
    const report = await this.#open.gc(
      discardRatio === undefined ? {} : { discardRatio },
    );
    return [
      `gc: ${report.segmentsRewritten} segments rewritten, ` +
      `${report.bytesReclaimed} bytes reclaimed, ` +
      `${report.bytesRewritten} rewritten; ${report.reason}`,
    ];
  }

  async #list(options: Arguments): Promise<string[]> {
    const prefix = options.named.get("prefix");
    const lines: string[] = [];
    const entries = this.#space(options).list(
      prefix === undefined ? {} : { prefix },
    );
    for await (const [key, value] of entries) {
      lines.push(`${printable(key)} = ${printable(value)}`);
    }
    return lines;
  }

  #segments(): string[] {
    return this.#open.segments().map((segment) =>
      `${segment.active ? "active" : "sealed"} ${segment.id}: ` +
      `${segment.bytes} bytes, ${segment.records} records, ` +
      `live ${segment.liveBytes}, dead ${segment.deadBytes}`
    );
  }

  /** Every entry of the hash index, in the order of the keys. */
  #index(): string[] {
    const { index } = this.#engine!.ledger;
    const { arena } = index;
    const lines: string[] = [];
    index.forEach((pointer) => {
      const tag = arena.tag(pointer);
      lines.push(
        `${printable(arena.copyKey(pointer))}: ` +
          `segment ${arena.segmentId(pointer)} at ${arena.offset(pointer)}, ` +
          `${arena.recordLength(pointer)} bytes, ` +
          `${arena.stalePuts(pointer)} stale puts` +
          ((tag & TAG_BUCKET) !== 0 ? ", bucket" : "") +
          ((tag & TAG_TOMBSTONE) !== 0 ? ", tombstone" : "") +
          ((tag & TAG_SWEPT) !== 0 ? ", swept" : "") +
          ((tag & TAG_EXPIRING) !== 0
            ? `, expires ${arena.expiry(pointer)}`
            : ""),
      );
    });
    return lines.sort();
  }

  /** Changes a file as a crash or the medium might. */
  #damage(name: string, options: Arguments): string[] {
    const { files } = this.#host;
    const path = joinPath(DIRECTORY, options.at(0));
    if (name === "remove") {
      files.remove(path);
      return [];
    }
    const exists = this.#names().includes(options.at(0));
    const file = files.open(path, exists ? "write" : "create");
    if (name === "cut") file.truncate(file.size() - Number(options.at(1)));
    else if (name === "append") {
      const bytes = new TextEncoder().encode(valueOf(options.at(1)));
      file.write(bytes, 0, bytes.length, file.size());
    } else if (name === "flip") {
      const byte = new Uint8Array(1);
      file.read(byte, 0, 1, Number(options.at(1)));
      byte[0]! ^= 0xff;
      file.write(byte, 0, 1, Number(options.at(1)));
      const place = options.plain.join();
      if (!this.#flipped.delete(place)) this.#flipped.add(place);
    } else throw new Error(`There is no command ${name}`);
    file.close();
    return [];
  }
}
