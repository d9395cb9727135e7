/**
 * The names of a store's files, made and read in this one place. A name that is not
 * exactly one of these is foreign: it is left alone.
 *
 * @module
 */

/** A file of a store, as its name tells. */
export type NamedFile =
  | { kind: "segment"; segmentId: number }
  | { kind: "hint"; segmentId: number }
  | { kind: "snapshot" }
  | { kind: "lost"; segmentId: number; offset: number }
  | { kind: "temporary" };

/** The name of the index snapshot. */
export const SNAPSHOT_NAME = "index.snapshot";

const SEGMENT_ID_DIGITS = 10;
const SEGMENT_ID_MAX = 0xffff_ffff;
const PATTERN = /^(\d{10})(?:-(\d{10}))?\.(vlog|hint|lost)$/;
const TEMPORARY_PATTERN =
  /^(?:index\.snapshot\.tmp|\d{10}\.retired\.tmp|LOCK\.[0-9a-f-]{36}(?:\.dead)?\.tmp)$/;

function digits(value: number): string {
  return String(value).padStart(SEGMENT_ID_DIGITS, "0");
}

/** The name of a segment's file. */
export function segmentName(segmentId: number): string {
  return `${digits(segmentId)}.vlog`;
}

/** The name of a segment's hint file. */
export function hintName(segmentId: number): string {
  return `${digits(segmentId)}.hint`;
}

/** The name of the file that keeps what recovery cut from a segment. */
export function lostName(segmentId: number, offset: number): string {
  return `${digits(segmentId)}-${digits(offset)}.lost`;
}

/** The name a segment's file has after its removal, until it is closed. */
export function retiredName(segmentId: number): string {
  return `${digits(segmentId)}.retired.tmp`;
}

/** The name a file has until it is whole. */
export function temporaryName(name: string): string {
  return `${name}.tmp`;
}

/** What a name stands for, or `undefined` if it is foreign. */
export function parseFileName(name: string): NamedFile | undefined {
  if (name === SNAPSHOT_NAME) return { kind: "snapshot" };
  if (TEMPORARY_PATTERN.test(name)) return { kind: "temporary" };
  const match = PATTERN.exec(name);
  if (match === null) return undefined;
  const segmentId = Number(match[1]);
  const isLost = match[3] === "lost";
  if (segmentId < 1 || segmentId > SEGMENT_ID_MAX) return undefined;
  if (isLost !== (match[2] !== undefined)) return undefined;
  if (isLost) return { kind: "lost", segmentId, offset: Number(match[2]) };
  return { kind: match[3] === "vlog" ? "segment" : "hint", segmentId };
}
