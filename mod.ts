/**
 * Sett: an embedded key-value store for Deno, Bun and Node, in TypeScript alone.
 *
 * An append-only value log holds the data, a hash index in memory finds it, and a
 * garbage collector rewrites segments by their discard ratio. It needs no native
 * code, no flags, and no permission but to read and write its data directory.
 *
 * @example A first store
 * ```ts
 * import { Store } from "@sett/badger";
 * import { assertEquals } from "@std/assert";
 *
 * await using store = await Store.open({ memoryMode: true });
 *
 * await store.set("user:1", "Ada", { expireIn: 60_000 });
 * await store.batch().set("user:2", "Grace").delete("user:3").commit();
 *
 * const names: string[] = [];
 * for await (const [, value] of store.list({ prefix: "user:" })) {
 *   names.push(new TextDecoder().decode(value));
 * }
 * assertEquals(names, ["Ada", "Grace"]);
 * ```
 *
 * @module
 */

export { Store } from "./src/store/store.ts";
export { StoreReader } from "./src/store/store_reader.ts";
export { BucketReader, LiveReader } from "./src/store/live_reader.ts";
export type { ReaderOptions } from "./src/store/reader_options.ts";
export type { ReaderStats, RefreshStats } from "./src/store/reader_stats.ts";
export type { RefreshReport } from "./src/engine/reader_engine.ts";
export { Bucket } from "./src/store/bucket.ts";
export { Batch, type BatchTarget } from "./src/store/batch.ts";
export {
  type AtomicCheck,
  AtomicOperation,
  type CommitError,
  type CommitResult,
  type Merge,
} from "./src/store/atomic.ts";
export {
  type TransactionListOptions,
  type TransactionOptions,
  TransactionSpace,
} from "./src/store/transaction.ts";
export type {
  WatchChange,
  WatchedCommit,
  WatchOptions,
} from "./src/store/watch.ts";
export { KeySpace } from "./src/store/key_space.ts";
export { BulkSpace } from "./src/store/bulk_space.ts";
export type { LoadOptions, LoadReport, LoadRow } from "./src/store/load.ts";
export type {
  ExportOptions,
  ExportReport,
  RowFormat,
} from "./src/store/export.ts";
export type { ImportOptions, ImportReport } from "./src/store/import.ts";
export { KeyReader } from "./src/store/key_reader.ts";
export { StoreCopies } from "./src/store/store_copies.ts";
export type {
  BackupOptions,
  BackupProgress,
  BackupReport,
} from "./src/store/backup.ts";
export type { RestoreOptions } from "./src/store/restore.ts";
export type {
  CheckpointOptions,
  CheckpointReport,
} from "./src/store/checkpoint.ts";
export { Snapshot, SnapshotReader } from "./src/store/snapshot.ts";
export type { LargeKey } from "./src/store/largest.ts";
export type { BucketOptions } from "./src/store/bucket_options.ts";
export type {
  EncryptionOptions,
  OfflineOptions,
} from "./src/store/encryption_options.ts";
export type { CodeOption, StoreOptions } from "./src/store/options.ts";
export {
  logTapeEvents,
  type LogTapeLogger,
  type LogTapeMethod,
  pinoEvents,
  type PinoLogger,
  type PinoMethod,
} from "./src/store/event_loggers.ts";
export type {
  CloseEvent,
  EventBase,
  EventLevel,
  GcBeginEvent,
  GcEndEvent,
  OpenEvent,
  PoisonEvent,
  RecoveryEvent,
  RefreshEvent,
  RotationEvent,
  StallEvent,
  StallReason,
  StoreEvent,
  StoreListener,
} from "./src/log/store_event.ts";
export type {
  Entry,
  GcOptions,
  Key,
  KeyOnlyEntry,
  LargestOptions,
  ListIterator,
  ListOptions,
  ListSyncIterator,
  RangeOptions,
  RangeWorkOptions,
  SegmentInfo,
  SetOptions,
  Value,
  VersionedEntry,
} from "./src/store/types.ts";
export type {
  GcStats,
  MemoryStats,
  PerformanceStats,
  SnapshotStats,
  StoreStats,
} from "./src/store/stats.ts";
export type { GcPastRun, GcReport } from "./src/engine/gc_totals.ts";
export type { RecoveryReport } from "./src/engine/recovery_report.ts";
export type { LostRange } from "./src/log/salvage_reader.ts";
export type { OfflineProgress } from "./src/engine/offline_work.ts";
export type { SalvageReport } from "./src/engine/salvage.ts";
export type { SegmentVerification, VerifyReport } from "./src/engine/verify.ts";
export type { Percentiles } from "./src/engine/latency_histogram.ts";
export {
  CorruptionError,
  type CorruptionPlace,
  InputError,
  StoreClosedError,
  StoreError,
  type StoreErrorCode,
  type StoreErrorOptions,
} from "./src/errors.ts";
