/**
 * Deliberate bugs: changes of the source, each of which breaks one promise of the
 * store. The text that is replaced must occur in its file exactly once.
 *
 * @module
 */

/** One deliberate bug. */
export interface Mutant {
  /** What it breaks. */
  name: string;
  /** The file, below the root of the repository. */
  file: string;
  /** What is there. */
  find: string;
  /** What is put in its place. */
  replace: string;
  /** Which of the two scripts is to find it. */
  script: "states" | "faults";
  /** A workload that shows it. */
  workload: string;
}

/** The bugs. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "the index snapshot gets its name before it is synced",
    file: "src/engine/index_snapshot.ts",
    find: "    file.sync();\n    file.close();\n    files.rename",
    replace: "    file.close();\n    files.rename",
    script: "states",
    workload: "close and reopen",
  },
  {
    name: "a write is acknowledged before the system has it",
    file: "src/engine/commit_queue.ts",
    find: "      this.#writer.flush();\n    } catch {",
    replace: "      this.#settle(undefined);\n    } catch {",
    script: "states",
    workload: "set",
  },
  {
    name: "a synced write is acknowledged before it is synced",
    file: "src/engine/commit_queue.ts",
    find: "if (this.#syncWrites) this.#awaitingSync.push(group);",
    replace: "if (this.#syncWrites && !group) this.#awaitingSync.push(group);",
    script: "states",
    workload: "set, each synced",
  },
  {
    name: "the collector drops tombstones while older puts remain",
    file: "src/engine/garbage_collector.ts",
    find: "      writer.appendTombstone(head.version, 0);",
    replace: "      return 0;",
    script: "states",
    workload: "gc of tombstones, their segment first",
  },
  {
    name: "the collector appends records that are not the newest",
    file: "src/engine/garbage_collector.ts",
    find: "pointer === 0 || !arena.isAt(pointer, victim.id, scanner.offset)",
    replace: "pointer === 0",
    script: "states",
    workload: "gc of overwrites",
  },
  {
    name: "checksums are not compared when records are read",
    file: "src/log/segment_scanner.ts",
    find: "if (!isSound) return",
    replace: "if (!isSound && offset < 0) return",
    script: "states",
    workload: "overwrite",
  },
  {
    name: "a batch counts though its end is missing",
    file: "src/log/committed_records.ts",
    find: "const isMember = (head.flags & FLAG_BATCH) !== 0;",
    replace: "const isMember = head.flags < 0;",
    script: "states",
    workload: "batch",
  },
  {
    name: "a failed sync is tried again",
    file: "src/engine/syncer.ts",
    find: "      await active.file.syncAsync();\n    } catch (error) {",
    replace:
      "      await active.file.syncAsync().catch(() => active.file.syncAsync());\n    } catch (error) {",
    script: "faults",
    workload: "set, each synced",
  },
  {
    name: "a failed sync is forgotten",
    file: "src/engine/syncer.ts",
    find:
      "      this.poisonWith(error as StoreError);\n      return error as StoreError;",
    replace: "      return error as StoreError;",
    script: "faults",
    workload: "set, each synced",
  },
  {
    name: "a torn tail stays in the file",
    file: "src/engine/lost_file.ts",
    find: "  file.truncate(length);",
    replace: "",
    script: "states",
    workload: "set",
  },
  {
    name: "a segment is sealed without a sync",
    file: "src/engine/log_writer.ts",
    find: "    this.syncer.sync();\n    this.#log.create",
    replace: "    this.#log.create",
    script: "states",
    workload: "rotation",
  },
  {
    name: "a victim goes before its copies are synced",
    file: "src/engine/garbage_collector.ts",
    find: "      await this.#pressure.whileSyncing(this.#queue.sync());",
    replace: "      this.#flushQuietly();",
    script: "states",
    workload: "gc of overwrites",
  },
  {
    name: "the books rely on a removal that is not synced",
    file: "src/log/value_log.ts",
    find:
      "    // gone: tombstones of keys that had older puts in it.\n    this.files.syncDirectory(this.directory);",
    replace: "",
    script: "states",
    workload: "gc of everything deleted",
  },
  {
    name: "a hint is believed though its segment was not synced",
    file: "src/engine/segment_replay.ts",
    find:
      "if (head.to > this.syncedMax && !this.#isDataSound(head)) return false;",
    replace: "",
    script: "states",
    workload: "hints of an unsynced log",
  },
  {
    name: "recovery does not sync what it read",
    file: "src/engine/recovery.ts",
    find: "      segment.file.sync();",
    replace: "",
    script: "states",
    workload: "kill and go on",
  },
  {
    name: "recovery does not sync the directory",
    file: "src/engine/recovery.ts",
    find: "    if (found.length > 0) files.syncDirectory(this.#directory);",
    replace: "",
    script: "states",
    workload: "set, each synced",
  },
  {
    name: "records go to a segment whose header is not synced",
    file: "src/log/value_log.ts",
    find: "      file.sync();",
    replace: "",
    script: "states",
    workload: "set",
  },
  {
    name: "the snapshot outlives a segment that it names",
    file: "src/engine/engine.ts",
    find: "      removeIfPresent(files, joinPath(directory, SNAPSHOT_NAME));",
    replace: "",
    script: "states",
    workload: "gc with the snapshot of the last close",
  },
  {
    name: "what was half written on a full disk is not cut",
    file: "src/engine/log_writer.ts",
    find: "      segment.file.truncate(segment.flushedLength);",
    replace: "",
    script: "states",
    workload: "a full disk, then room again",
  },
  {
    name: "recovery trusts what it reads to be on the medium",
    file: "src/engine/recovery.ts",
    find: "    if (!isSealed) renewTail(segment, replay.syncedMax);\n",
    replace: "",
    script: "faults",
    workload: "set, each synced",
  },
  {
    name: "a sync is believed beside one that is under way and may have failed",
    file: "src/engine/syncer.ts",
    find:
      "    if (active === this.#underWay) this.#syncAnew(active);\n    else ",
    replace: "    ",
    script: "faults",
    workload: "a set at once beside a sync that is under way",
  },
  {
    name: "a sync is believed though another failed while it was under way",
    file: "src/engine/syncer.ts",
    find:
      "    if (this.poison !== undefined) return this.poison;\n    active.syncedCuts",
    replace: "    active.syncedCuts",
    script: "faults",
    workload: "a set at once beside a sync that is under way",
  },
];
