/**
 * Bucket names to directory names and back, where every bucket has a directory.
 *
 * ```text
 * directory := "bucket-" escaped | "bucket-" start "~" digest
 * escaped   := (a-z | 0-9 | "_" | "-" | "%" hex hex)*   ; each other byte of the
 *                                                       ; name's UTF-8, in lower case
 * start     := the first 40 characters of escaped
 * digest    := SHA-256 of the name's UTF-8, 64 hex digits
 * ```
 *
 * The second form is for names whose first form is longer than 120 characters; the
 * name itself then stands in a file beside the directory, with `.name` added. So no
 * name leaves the data directory, no two names meet (not where the file system folds
 * case or normalises Unicode either), and no name is one that Windows reserves.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { isNotFound, StoreError } from "../errors.ts";
import {
  type FileSystem,
  joinPath,
  readFile,
  replaceFile,
} from "../fs/file_system.ts";

const PREFIX = "bucket-";
const NAME_FILE_SUFFIX = ".name";
const ESCAPED_LENGTH_MAX = 120;
const START_LENGTH = 40;

const SHORT_PATTERN = /^bucket-(?:[a-z0-9_-]|%[0-9a-f]{2})*$/;
const LONG_PATTERN = /^bucket-[a-z0-9_%-]{40}~[0-9a-f]{64}$/;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function escape(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    text += /[a-z0-9_-]/.test(character)
      ? character
      : `%${byte.toString(16).padStart(2, "0")}`;
  }
  return text;
}

function unescape(text: string): string {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== "%") {
      bytes.push(text.charCodeAt(i));
      continue;
    }
    bytes.push(Number.parseInt(text.slice(i + 1, i + 3), 16));
    i += 2;
  }
  return decoder.decode(Uint8Array.from(bytes));
}

/** The name of the directory that holds the store of `bucket`. */
export function bucketDirectoryName(bucket: string): string {
  const bytes = encoder.encode(bucket);
  const escaped = escape(bytes);
  if (escaped.length <= ESCAPED_LENGTH_MAX) return PREFIX + escaped;
  const digest = createHash("sha256").update(bytes).digest("hex");
  return `${PREFIX}${escaped.slice(0, START_LENGTH)}~${digest}`;
}

/** True if a name in the data directory is that of a bucket's directory. */
export function isBucketDirectoryName(name: string): boolean {
  return SHORT_PATTERN.test(name) || LONG_PATTERN.test(name);
}

/** The buckets that have a directory below `path`, in the order of their names. */
export function listBuckets(files: FileSystem, path: string): string[] {
  const buckets: string[] = [];
  for (const name of files.list(path)) {
    const bucket = bucketOfDirectory(files, path, name);
    if (bucket !== undefined) buckets.push(bucket);
  }
  return buckets.sort();
}

function bucketOfDirectory(
  files: FileSystem,
  path: string,
  directory: string,
): string | undefined {
  if (!isBucketDirectoryName(directory)) return undefined;
  try {
    const bucket = SHORT_PATTERN.test(directory)
      ? unescape(directory.slice(PREFIX.length))
      : decoder.decode(
        readFile(files, joinPath(path, directory + NAME_FILE_SUFFIX)),
      );
    // Only the one spelling we write is ours: "bucket-%61" is not bucket "a".
    return bucketDirectoryName(bucket) === directory ? bucket : undefined;
  } catch (error) {
    if (error instanceof TypeError) return undefined; // not UTF-8, so not ours
    const cause = error instanceof StoreError ? error.cause : error;
    if (isNotFound(cause)) return undefined;
    throw error;
  }
}

/**
 * Makes the directory of `bucket` below `path` and returns its path.
 *
 * The name file comes first and is renamed into place whole: a directory without
 * its name would be a bucket nobody can list.
 */
export function createBucketDirectory(
  files: FileSystem,
  path: string,
  bucket: string,
): string {
  const name = bucketDirectoryName(bucket);
  const directory = joinPath(path, name);
  if (LONG_PATTERN.test(name)) {
    const nameFile = directory + NAME_FILE_SUFFIX;
    replaceFile(files, nameFile, `${nameFile}.tmp`, encoder.encode(bucket));
  }
  files.createDirectory(directory);
  files.syncDirectory(path);
  return directory;
}
