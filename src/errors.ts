/**
 * Every error the store throws on its own account.
 *
 * A wrong argument is a `TypeError` (wrong shape) or a `RangeError` (out of
 * range) and is a bug in the caller. A {@linkcode StoreError} is a state of the
 * world a caller may want to handle; its `code` is stable, its message is not.
 *
 * @module
 */

/**
 * The stable codes of {@linkcode StoreError}: what happened, and what to do.
 *
 * - `CLOSED`: the store was closed; open it again.
 * - `LOCKED`: another process, or another open store in this process, holds the directory.
 * - `CORRUPT`: bytes on disk are not what was written; restore a backup or salvage.
 * - `UNSUPPORTED_FORMAT`: the directory was written by a newer version; upgrade.
 * - `ENCRYPTED`: the store is encrypted and was opened without a key; give its key.
 * - `NOT_ENCRYPTED`: a key was given for a store that is not encrypted; leave it out, or
 *   copy the store to an encrypted one.
 * - `WRONG_KEY`: the key is not the one of the store; give the one it was last opened with.
 * - `DISK_FULL`: the write was rejected and undone; free some space and write again.
 * - `POISONED`: an earlier write or sync failed; close and reopen the store.
 * - `IO`: the operating system reported an error; see `cause`.
 * - `PERMISSION`: the runtime or the file system refused access to a path.
 * - `BAD_PATH`: the data path cannot be a data directory (a file stands there).
 * - `TOO_MANY_OPEN_FILES`: raise the limit of open files or the segment size.
 * - `BATCH_TOO_LARGE`: a batch must fit in one segment; split it.
 * - `CONFLICT`: others changed what a transaction read, time and again; try again.
 * - `NOT_A_COUNTER`: the key that is to count has a value that is no counter.
 * - `TOO_OLD`: the log does not hold what came after a versionstamp any more.
 * - `STALE`: a reader met a write under way that then failed; refresh it.
 * - `UNSUPPORTED_CODEC`: this runtime cannot decode a value written elsewhere.
 * - `NOT_COMPRESSED`: a compressed read found a value that was stored plain.
 * - `ALREADY_REGISTERED`: a registry already holds that name.
 * - `NOT_REGISTERED`: a registry holds no such name.
 * - `BACKUP_DAMAGED`: a backup is not the one that was written; nothing of it was kept.
 * - `WRONG_BASE`: an incremental backup does not follow what is there; restore a full one.
 * - `UNFINISHED`: a restore, salvage or checkpoint to that directory was not done whole.
 * - `BAD_ROW`: a row that is to be imported makes no sense; those before it were set.
 * - `UNAVAILABLE`: servers could not be reached in time, and nothing was changed; try again.
 * - `OUTCOME_UNKNOWN`: the answer of a server was lost, so the change was made or was not;
 *   look before you repeat it.
 * - `BAD_CONFIG`: a configuration file could not be used.
 * - `ITEM_EXISTS`: a collection has an item of that id; set or update it.
 * - `UNIQUE_CONFLICT`: another item has that value of a unique index.
 * - `INVALID_VALUE`: the schema of a collection refuses the value; see `issues`.
 * - `UNREADABLE_VALUE`: what is stored is not a value of a collection; set or delete it.
 * - `INDEXES_CHANGED`: a collection was written with other indexes; rebuild them.
 */
export type StoreErrorCode =
  | "CLOSED"
  | "LOCKED"
  | "CORRUPT"
  | "UNSUPPORTED_FORMAT"
  | "ENCRYPTED"
  | "NOT_ENCRYPTED"
  | "WRONG_KEY"
  | "DISK_FULL"
  | "POISONED"
  | "IO"
  | "PERMISSION"
  | "BAD_PATH"
  | "TOO_MANY_OPEN_FILES"
  | "BATCH_TOO_LARGE"
  | "CONFLICT"
  | "NOT_A_COUNTER"
  | "TOO_OLD"
  | "STALE"
  | "UNSUPPORTED_CODEC"
  | "NOT_COMPRESSED"
  | "ALREADY_REGISTERED"
  | "NOT_REGISTERED"
  | "BACKUP_DAMAGED"
  | "WRONG_BASE"
  | "UNFINISHED"
  | "BAD_ROW"
  | "UNAVAILABLE"
  | "OUTCOME_UNKNOWN"
  | "BAD_CONFIG"
  | "ITEM_EXISTS"
  | "UNIQUE_CONFLICT"
  | "INVALID_VALUE"
  | "UNREADABLE_VALUE"
  | "INDEXES_CHANGED";

/** What a {@linkcode StoreError} can carry beside its code and message. */
export interface StoreErrorOptions {
  /** The file or directory the error is about. */
  path?: string;
  /** The error underneath, as the runtime threw it. */
  cause?: unknown;
}

/** A state of the world that stopped an operation; `code` says which. */
export class StoreError extends Error {
  /** The stable code; branch on this, never on the message. */
  readonly code: StoreErrorCode;
  /** The file or directory the error is about, if there is one. */
  readonly path: string | undefined;

  /** Makes an error with a stable `code` and a message for people. */
  constructor(
    code: StoreErrorCode,
    message: string,
    options: StoreErrorOptions = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = "StoreError";
    this.code = code;
    this.path = options.path;
  }
}

/** Thrown by every method of a store that has been closed. */
export class StoreClosedError extends StoreError {
  /** Names the action that was tried, and what is closed. */
  constructor(action: string, state: string = "the store is closed") {
    super("CLOSED", `Cannot ${action}: ${state}`);
    this.name = "StoreClosedError";
  }
}

/** Where corruption was found. */
export interface CorruptionPlace {
  /** The damaged file. */
  path: string;
  /** The id of the segment the damage belongs to, if known. */
  segmentId?: number;
  /** The offset in bytes at which the file stops making sense. */
  offset: number;
}

/** Bytes on disk are not the bytes that were written. Nothing was changed. */
export class CorruptionError extends StoreError {
  /** The id of the damaged segment, if known. */
  readonly segmentId: number | undefined;
  /** The offset in bytes at which the file stops making sense. */
  readonly offset: number;

  /** Names the action, the file and the offset. */
  constructor(action: string, place: CorruptionPlace, reason: string) {
    super(
      "CORRUPT",
      `Cannot ${action}: ${place.path} is damaged at offset ${place.offset}: ${reason}. ` +
        `Restore this file from a backup, or move the store aside and keep it for salvage`,
      { path: place.path },
    );
    this.name = "CorruptionError";
    this.segmentId = place.segmentId;
    this.offset = place.offset;
  }
}

/** Bytes that came in as a stream, to be restored or imported, make no sense. */
export class InputError extends StoreError {
  /** The offset in bytes at which the stream stops making sense. */
  readonly offset: number;
  /** The line, the first being 1, where the stream is one of lines. */
  readonly line: number | undefined;

  /** Names the action, the place and the reason. */
  constructor(
    code: "BACKUP_DAMAGED" | "BAD_ROW",
    action: string,
    place: { offset: number; line?: number },
    reason: string,
  ) {
    const { offset, line } = place;
    const where = line === undefined ? "" : `line ${line}, `;
    super(code, `Cannot ${action}: ${where}offset ${offset}: ${reason}`);
    this.name = "InputError";
    this.offset = offset;
    this.line = line;
  }
}

/** The code a runtime put on an error it threw (`ENOENT`, `NotCapable` and so on). */
function systemCode(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === "string") return code;
  const numbered = codeInMessage(error);
  if (numbered !== undefined) return numbered;
  return typeof name === "string" ? name : "";
}

/** Errors of Linux that Deno tells only by their number. */
const CODES_OF_NUMBERS: Record<string, string> = {
  "27": "EFBIG",
  "122": "EDQUOT",
};

/** The code in a message such as "File too large (os error 27)". */
function codeInMessage(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const number = /\(os error (\d+)\)/.exec(error.message)?.[1];
  return number === undefined ? undefined : CODES_OF_NUMBERS[number];
}

/** True when the runtime's error says that the path does not exist. */
export function isNotFound(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "NotFound";
}

/** Turns what a runtime threw into a {@linkcode StoreError} that says what to do. */
export function fromSystemError(
  action: string,
  path: string,
  error: unknown,
): StoreError {
  if (error instanceof StoreError) return error;
  const options = { path, cause: error };
  const detail = error instanceof Error ? error.message : String(error);
  switch (systemCode(error)) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return new StoreError(
        "DISK_FULL",
        `Cannot ${action} ${path}: no space is left (${detail}). Free some space and try again`,
        options,
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
    case "NotCapable":
    case "PermissionDenied":
      return new StoreError(
        "PERMISSION",
        `Cannot ${action} ${path}: access is refused (${detail}). ` +
          `Check the owner and mode of the path and, in Deno, --allow-read and --allow-write for it`,
        options,
      );
    case "ENOTDIR":
    case "EEXIST":
    case "EISDIR":
    case "NotADirectory":
      return new StoreError(
        "BAD_PATH",
        `Cannot ${action} ${path}: a file stands where a directory is needed or the other way round (${detail}). ` +
          `Choose another path`,
        options,
      );
    case "EMFILE":
    case "ENFILE":
      return new StoreError(
        "TOO_MANY_OPEN_FILES",
        `Cannot ${action} ${path}: too many files are open (${detail}). ` +
          `Raise the limit (ulimit -n) or the segment size`,
        options,
      );
    default:
      return new StoreError(
        "IO",
        `Cannot ${action} ${path}: ${detail}`,
        options,
      );
  }
}
