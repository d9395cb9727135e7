/**
 * Every change of a simulated disk in the order in which it was made, which of them
 * a later sync made safe, and the files that a crash after any of them may leave.
 *
 * The rules are harsher than those of a real disk: names and bytes are lost in any
 * combination, and only the sync of a directory makes names safe, only that of a
 * file its bytes.
 *
 * @module
 */

/** The files of a disk by name. */
export type DiskFiles = Map<string, Uint8Array>;

/** One change of the disk. */
export type DiskOperation =
  | { kind: "create"; name: string; file: number }
  /** A second name for a file. */
  | { kind: "link"; name: string; file: number }
  | {
    kind: "write";
    name: string;
    file: number;
    position: number;
    bytes: Uint8Array;
  }
  | { kind: "truncate"; name: string; file: number; length: number }
  | { kind: "rename"; from: string; to: string; file: number }
  | { kind: "remove"; name: string; file: number }
  /** `start` is the length of the log when the sync began: it covers no more. */
  | { kind: "sync"; name: string; file: number; start: number }
  | { kind: "syncDirectory"; path: string; start: number };

/**
 * A write that is cut after some of its bytes. What the file had behind that stays, for
 * a sector is the old one or the new one; where it had nothing it may grow nevertheless.
 */
export interface TornWrite {
  /** The write's number in the log. */
  index: number;
  /** Bytes of it that reached the medium. */
  bytes: number;
  /** What is there where the file had nothing: nothing, zeros or garbage. */
  fill: "cut" | "zeros" | "garbage";
}

/** One way in which the machine or the process can stop. Plain data. */
export interface CrashChoice {
  /** Operations of the log that were made before. */
  prefix: number;
  /** True if only the process died: the system still has everything. */
  isKill?: boolean;
  /** Operations that were not safe by then and did not reach the medium. */
  lost: readonly number[];
  /** A write that reached it in part. */
  torn?: TornWrite;
}

/** The bytes of a file that grows. */
export class FileContent {
  /** What programs read. */
  bytes: Uint8Array = new Uint8Array(0);

  /** Puts bytes at a position; a gap before them reads as zeros. */
  write(position: number, bytes: Uint8Array): void {
    if (position + bytes.length > this.bytes.length) {
      const grown = new Uint8Array(position + bytes.length);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    this.bytes.set(bytes, position);
  }

  /** Sets the length. */
  truncate(length: number): void {
    const bytes = new Uint8Array(length);
    bytes.set(this.bytes.subarray(0, length));
    this.bytes = bytes;
  }
}

function isOfBytes(operation: DiskOperation): boolean {
  return operation.kind === "write" || operation.kind === "truncate";
}

/** True if the operation changed the names in a directory. */
function isNameIn(operation: DiskOperation, path: string): boolean {
  const name = operation.kind === "rename"
    ? operation.to
    : "name" in operation && !isOfBytes(operation)
    ? operation.name
    : "";
  return name.slice(0, name.lastIndexOf("/")) === path;
}

function isSync(operation: DiskOperation): boolean {
  return operation.kind === "sync" || operation.kind === "syncDirectory";
}

/** The changes of a disk. */
export class DiskLog {
  /** The changes, in order. */
  readonly operations: DiskOperation[] = [];
  /** For each: the number of the sync that made it safe. */
  readonly #safeSince: number[] = [];
  /** For each: the length of the log when a failed sync dropped it. */
  readonly #droppedAt: number[] = [];

  /** How many there are. */
  get length(): number {
    return this.operations.length;
  }

  /** Adds a change; a sync makes earlier ones safe. */
  push(operation: DiskOperation): void {
    const now = this.operations.length;
    this.operations.push(operation);
    this.#safeSince.push(isSync(operation) ? now : Infinity);
    this.#droppedAt.push(Infinity);
    if (operation.kind === "sync") {
      for (let i = 0; i < operation.start; i++) {
        const earlier = this.operations[i]!;
        if (!isOfBytes(earlier) || this.#droppedAt[i] !== Infinity) continue;
        if ("file" in earlier && earlier.file === operation.file) {
          this.#safeSince[i] = Math.min(this.#safeSince[i]!, now);
        }
      }
    } else if (operation.kind === "syncDirectory") {
      for (let i = 0; i < now; i++) {
        if (!isNameIn(this.operations[i]!, operation.path)) continue;
        this.#safeSince[i] = Math.min(this.#safeSince[i]!, now);
      }
    }
  }

  /** A sync of a file failed; what was not safe can be read but is never kept. */
  drop(file: number): void {
    for (const [i, operation] of this.operations.entries()) {
      if (!isOfBytes(operation) || this.#safeSince[i] !== Infinity) continue;
      if ("file" in operation && operation.file === file) {
        this.#droppedAt[i] = Math.min(this.#droppedAt[i]!, this.length);
      }
    }
  }

  /** True if a crash after `prefix` operations cannot undo the operation. */
  isSafe(index: number, prefix: number): boolean {
    return this.#safeSince[index]! < prefix;
  }

  #isDropped(index: number, prefix: number): boolean {
    return this.#droppedAt[index]! < prefix;
  }

  /** The operations that a crash after `prefix` of them may keep or lose. */
  unsafe(prefix: number): number[] {
    const indexes: number[] = [];
    for (let i = 0; i < prefix; i++) {
      if (this.isSafe(i, prefix) || this.#isDropped(i, prefix)) continue;
      if (!isSync(this.operations[i]!)) indexes.push(i);
    }
    return indexes;
  }

  /** A log of the first `prefix` operations. */
  fork(prefix: number): DiskLog {
    const log = new DiskLog();
    for (const [i, operation] of this.operations.slice(0, prefix).entries()) {
      log.push(operation);
      if (this.#isDropped(i, prefix)) log.#droppedAt[i] = this.#droppedAt[i]!;
    }
    return log;
  }

  /** The files that a crash leaves of a disk that began with `before`. */
  crash(
    choice: CrashChoice,
    before: ReadonlyMap<string, Uint8Array> = new Map(),
  ): DiskFiles {
    const { prefix, isKill = false, lost, torn } = choice;
    const { contents, names } = startOf(before);
    for (let index = 0; index < prefix; index++) {
      if (lost.includes(index) && !this.isSafe(index, prefix)) continue;
      if (!isKill && this.#isDropped(index, prefix)) continue;
      const operation = this.operations[index]!;
      apply(
        operation,
        contents,
        names,
        torn?.index === index ? torn : undefined,
      );
    }
    const files: DiskFiles = new Map();
    for (const [name, file] of names) {
      files.set(name, contents.get(file)?.bytes ?? new Uint8Array(0));
    }
    return files;
  }
}

/** The contents of files by number and the numbers of names, at the start. */
export function startOf(before: ReadonlyMap<string, Uint8Array>): {
  contents: Map<number, FileContent>;
  names: Map<string, number>;
} {
  const contents = new Map<number, FileContent>();
  const names = new Map<string, number>();
  const numbers = new Map<Uint8Array, number>();
  for (const [name, bytes] of before) {
    // The same bytes under two names are one file with a link.
    let number = numbers.get(bytes);
    if (number === undefined) {
      const content = new FileContent();
      content.write(0, bytes);
      number = contents.size;
      numbers.set(bytes, number);
      contents.set(number, content);
    }
    names.set(name, number);
  }
  return { contents, names };
}

function apply(
  operation: DiskOperation,
  contents: Map<number, FileContent>,
  names: Map<string, number>,
  torn: TornWrite | undefined,
): void {
  const contentOf = (file: number): FileContent => {
    let content = contents.get(file);
    if (content === undefined) contents.set(file, content = new FileContent());
    return content;
  };
  switch (operation.kind) {
    case "create":
    case "link":
      names.set(operation.name, operation.file);
      break;
    case "write": {
      const content = contentOf(operation.file);
      const { bytes, position } = operation;
      content.write(
        position,
        torn === undefined ? bytes : tornBytes(operation, content, torn),
      );
      break;
    }
    case "truncate":
      contentOf(operation.file).truncate(operation.length);
      break;
    case "rename":
      names.delete(operation.from);
      names.set(operation.to, operation.file);
      break;
    case "remove":
      if (names.get(operation.name) === operation.file) {
        names.delete(operation.name);
      }
      break;
  }
}

function tornBytes(
  { bytes, position }: { bytes: Uint8Array; position: number },
  content: FileContent,
  torn: TornWrite,
): Uint8Array {
  if (torn.fill === "cut") return bytes.slice(0, torn.bytes);
  const filled = bytes.slice();
  for (let i = torn.bytes; i < filled.length; i++) {
    const fill = torn.fill === "zeros" ? 0 : (i * 167 + 13) & 0xff;
    filled[i] = content.bytes[position + i] ?? fill;
  }
  return filled;
}
