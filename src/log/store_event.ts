/**
 * What a store tells of itself while it works: the kinds of events and their fields.
 *
 * Every field is a string, a number or a truth value, so an event is JSON as it is.
 * None holds a key or a value of a user.
 *
 * @module
 */

/** How much an event matters. */
export type EventLevel = "debug" | "info" | "warn" | "error";

/** What all events have. */
export interface EventBase {
  /** How much it matters. */
  level: EventLevel;
  /** The data directory of the store. */
  path: string;
  /** When it happened, in milliseconds since the epoch. */
  at: number;
}

/** A store or a reader was opened. */
export interface OpenEvent extends EventBase {
  /** The kind of event. */
  type: "open";
  /** True if it was a {@linkcode StoreReader}. */
  isReader: boolean;
  /** Where the index came from: a new store, the index snapshot, or the log and its hints. */
  source: "new" | "snapshot" | "log";
  /** Segments of the value log. */
  segments: number;
  /** Bytes of these. */
  valueLogBytes: number;
  /** Keys that have a value. */
  keys: number;
  /** Index rows taken from hint files. */
  rowsFromHints: number;
  /** Records read from segments. */
  recordsReplayed: number;
  /** Bytes of a torn tail that were cut. */
  bytesCut: number;
  /** Time that reading the directory took. */
  milliseconds: number;
}

/** Opening a store had something to repair; comes before its {@linkcode OpenEvent}. */
export interface RecoveryEvent extends EventBase {
  /** The kind of event. */
  type: "recovery";
  /** Bytes of a torn tail that were cut. */
  bytesCut: number;
  /** Where the cut bytes were kept, if there were any and room for them. */
  lostFile?: string;
  /** Places that `recovery: "salvage"` left out. */
  lostRanges: number;
  /** Bytes of these. */
  lostBytes: number;
  /** Segments that a crash had left half made, and that were made anew: 0 or 1. */
  segmentsRemade: number;
}

/** A segment was sealed and the next one begun. */
export interface RotationEvent extends EventBase {
  /** The kind of event. */
  type: "rotation";
  /** The segment that was sealed. */
  segmentId: number;
  /** Its length. */
  bytes: number;
  /** Records in it. */
  records: number;
  /** Time that the writer was at it. */
  milliseconds: number;
}

/** A run of the garbage collector began. */
export interface GcBeginEvent extends EventBase {
  /** The kind of event. */
  type: "gc-begin";
  /** Dead bytes / bytes from which it rewrites a segment. */
  discardRatio: number;
  /** Segments of the value log. */
  segments: number;
  /** Bytes of these. */
  valueLogBytes: number;
  /** Dead bytes among them. */
  deadBytes: number;
}

/** A run of the garbage collector ended. */
export interface GcEndEvent extends EventBase {
  /** The kind of event. */
  type: "gc-end";
  /** Segments rewritten and removed. */
  segmentsRewritten: number;
  /** Bytes of the files removed. */
  bytesReclaimed: number;
  /** Bytes appended again because they were live. */
  bytesRewritten: number;
  /** Why it ended, in words. */
  reason: string;
  /** Time that it took. */
  milliseconds: number;
  /** The code of the error that ended it, if one did. */
  code?: string;
  /** The message of that error. */
  error?: string;
}

/** What writers waited for. */
export type StallReason = "level0" | "sync" | "gc";

/** Writers waited, and do so no longer. */
export interface StallEvent extends EventBase {
  /** The kind of event. */
  type: "stall";
  /**
   * What for: level-0 tables that had to be written (`num_level0_tables_stall`), syncs
   * that a rotation needs, or the garbage collector, of which all that waited during
   * one run are told together at its end.
   */
  reason: StallReason;
  /** Groups of writes that waited. */
  groups: number;
  /** Time that they waited, added up. */
  milliseconds: number;
  /** The longest of these times. */
  longestMilliseconds: number;
}

/** A write or sync failed, and the store takes no more writes until it is reopened. */
export interface PoisonEvent extends EventBase {
  /** The kind of event. */
  type: "poison";
  /** The code of the error, or its name where it has none. */
  code: string;
  /** The message of the error. */
  error: string;
}

/** A reader was brought up to date, or could not be. */
export interface RefreshEvent extends EventBase {
  /** The kind of event. */
  type: "refresh";
  /** Records read. */
  records: number;
  /** Segments that were new. */
  segmentsAdded: number;
  /** Segments that had been collected. */
  segmentsRemoved: number;
  /** True if all was read anew. */
  isRebuilt: boolean;
  /** Time that it took; 0 if it failed. */
  milliseconds: number;
  /** The code of the error, if it failed. */
  code?: string;
  /** The message of that error. */
  error?: string;
}

/** A store or a reader was closed. */
export interface CloseEvent extends EventBase {
  /** The kind of event. */
  type: "close";
  /** True if it was a {@linkcode StoreReader}. */
  isReader: boolean;
  /** False if what was written last may not be on the medium. */
  isClean: boolean;
  /** Time that it took. */
  milliseconds: number;
}

/** Something that happened to a store; `type` says what. */
export type StoreEvent =
  | OpenEvent
  | RecoveryEvent
  | RotationEvent
  | GcBeginEvent
  | GcEndEvent
  | StallEvent
  | PoisonEvent
  | RefreshEvent
  | CloseEvent;

/** Is told what happens to a store. */
export type StoreListener = (event: StoreEvent) => void;

/** An event without what is the same for all of a store. */
export type EventFacts<Event = StoreEvent> = Event extends StoreEvent
  ? Omit<Event, "path" | "at">
  : never;
