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
    file: "src/engine/save_index.ts",
    find: "  removeIfPresent(files, joinPath(directory, SNAPSHOT_NAME));",
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
  {
    name: "a snapshot forgets what keys were like",
    file: "src/engine/history.ts",
    find: "    if (moment === undefined || this.isSuspended) return;",
    replace: "    if (moment !== undefined || this.isSuspended) return;",
    script: "states",
    workload: "a snapshot, lists and a watch over writes and collections",
  },
  {
    name: "a snapshot lets go of the segments that it needs",
    file: "src/engine/history.ts",
    find:
      "    const segment = this.#log.get(arena.segmentId(pointer));\n    this.#pin(moment, segment);",
    replace: "    const segment = this.#log.get(arena.segmentId(pointer));",
    script: "states",
    workload: "a snapshot, lists and a watch over writes and collections",
  },
  {
    name: "a snapshot that ends takes along what an older one needs",
    file: "src/engine/history.ts",
    find: "        if (previous.notes.has(text)) continue;",
    replace: "        if (previous.notes !== undefined) continue;",
    script: "states",
    workload: "a snapshot, lists and a watch over writes and collections",
  },
  {
    name: "a snapshot does not list keys that left the index",
    file: "src/engine/history.ts",
    find: "    if (this.oldest!.find(text)) this.#newest!.gone.add(text);",
    replace: "    this.oldest!.find(text);",
    script: "states",
    workload: "a snapshot, lists and a watch over writes and collections",
  },
  {
    name: "a snapshot forgets what merely expired",
    file: "src/engine/key_ledger.ts",
    find:
      "    if (this.history.count > 0) this.history.note(arena, pointer);\n    arena.setTag(pointer, arena.tag(pointer) | TAG_SWEPT);",
    replace: "    arena.setTag(pointer, arena.tag(pointer) | TAG_SWEPT);",
    script: "states",
    workload: "a snapshot of what expires",
  },
  {
    name: "new keys are not put in order",
    file: "src/engine/ordered_view.ts",
    find: "    if (pointer < this.#cursor) this.#insert(pointer);",
    replace: "",
    script: "states",
    workload: "a snapshot, lists and a watch over writes and collections",
  },
  {
    name: "the wrong key is taken out of the order",
    file: "src/engine/ordered_view.ts",
    find: "    pointers.copyWithin(at, at + 1, count);\n",
    replace: "",
    script: "states",
    workload: "a snapshot, lists and a watch over writes and collections",
  },
  {
    name: "a transaction overlooks keys that come into a range",
    file: "src/store/transaction.ts",
    find: "      if (isRead) return false;",
    replace: "",
    script: "states",
    workload: "transactions over ranges, synced",
  },
  {
    name: "a transaction overlooks changes of what it read",
    file: "src/store/transaction.ts",
    find:
      "    for (const text of this.keys) if (moment.find(text)) return false;\n",
    replace: "",
    script: "states",
    workload: "a transaction that another write makes begin anew",
  },
  {
    name: "a check holds although the key was set again",
    file: "src/store/atomic.ts",
    find: "return readVersion(engine) === version;",
    replace: "return readVersion(engine) >= version;",
    script: "states",
    workload: "atomic operations with checks and counters",
  },
  {
    name: "a check of absence holds although there is a value",
    file: "src/store/atomic.ts",
    find: "return readVersion(engine) === version;",
    replace: "return version === 0 || readVersion(engine) === version;",
    script: "states",
    workload: "atomic operations with checks and counters",
  },
  {
    name: "a counter starts anew with each step",
    file: "src/store/atomic.ts",
    find: "          { ...readState(engine), expireIn: 0 };",
    replace: "          { value: undefined, expiry: 0, expireIn: 0 };",
    script: "states",
    workload: "a counter, each step synced",
  },
  {
    name: "a watch is told again of what the collector moved",
    file: "src/engine/log_tail.ts",
    find: "      if (version <= this.version) continue;\n",
    replace: "",
    script: "states",
    workload: "a snapshot, lists and a watch over writes and collections",
  },
  {
    name: "a watch is told of parts of commits",
    file: "src/engine/log_tail.ts",
    find: "      if (isMember && (flags & FLAG_BATCH_END) === 0) continue;\n",
    replace: "",
    script: "states",
    workload: "a snapshot, lists and a watch over writes and collections",
  },
  {
    name: "a watch lets go of segments that it has not read",
    file: "src/engine/log_tail.ts",
    find: "    segment.pin();\n    this.#segments.push(segment);",
    replace: "    this.#segments.push(segment);",
    script: "states",
    workload: "a snapshot, lists and a watch over writes and collections",
  },
  {
    name: "the deletion of a range takes what was set meanwhile",
    file: "src/store/range_work.ts",
    find:
      "        if (moment.hasChanged && moment.find(keyText(key, isBucket))) continue;\n",
    replace: "",
    script: "states",
    workload: "the deletion of a range beside writes and a collection",
  },
  {
    name: "a version is told that may be given again",
    file: "src/store/key_reader.ts",
    find: "    if (engine !== undefined && isPending(engine)) {",
    replace: "    if (engine !== undefined && isPending(engine) && !engine) {",
    script: "states",
    workload: "versions of writes that a full disk undoes",
  },
];
