/**
 * Calls that write in turns of their own: what they write is known as they do.
 *
 * @module
 */

import type { Engine } from "../../../src/engine/engine.ts";
import type { TransactionSpace } from "../../../src/store/transaction.ts";
import type { BatchChange, Driver } from "./driver.ts";
import type { Change } from "./history.ts";
import { showValue, Violation } from "./recovered.ts";

/** What a transaction does, with keys outside of buckets. */
export interface TransactionPlan {
  /** The keys that it reads. */
  reads?: string[];
  /** The beginnings of keys that it lists. */
  prefixes?: string[];
  /** What others do at its first attempt, after it read. */
  others?: () => Promise<void>;
  /** What it writes, from what it read: `key=value` for each. */
  writes: (read: string[]) => BatchChange[];
}

/** Notes a write that is about to be made; what is returned is told its version. */
type Note<T> = (what: T) => (version: number) => void;

/** Reads what a transaction is to read, as `key=value`. */
function readAll(
  tx: TransactionSpace,
  { reads = [], prefixes = [] }: TransactionPlan,
): string[] {
  const decoder = new TextDecoder();
  const found: string[] = [];
  for (const key of reads) {
    const value = tx.get(key);
    if (value !== undefined) found.push(`${key}=${showValue(key, value)}`);
  }
  for (const prefix of prefixes) {
    for (const [bytes, value] of tx.list({ prefix })) {
      const key = decoder.decode(bytes);
      found.push(`${key}=${showValue(key, value)}`);
    }
  }
  return found;
}

/**
 * Runs a transaction, of which `note` takes what it is about to write.
 *
 * @throws {Violation} If it commits though others changed what it read, or sees that.
 */
export async function runTransaction(
  driver: Driver,
  plan: TransactionPlan,
  note: Note<Change[]>,
): Promise<void> {
  const { reads = [], prefixes = [] } = plan;
  const engine = driver.engine!;
  const { steps } = driver.life.history;
  const commit = engine.commit;
  let attempts = 0;
  try {
    await driver.store.transaction(async (tx) => {
      const before = steps.length;
      const read = readAll(tx, plan);
      if (attempts++ === 0 && plan.others !== undefined) {
        await plan.others();
        if (readAll(tx, plan).join() !== read.join()) {
          throw new Violation("a transaction does not see one moment");
        }
      }
      const changes = plan.writes(read);
      for (const { path, value } of changes) {
        if (value === undefined) tx.delete(path);
        else tx.set(path, value);
      }
      engine.commit = (batch, now) => {
        engine.commit = commit;
        const overlooked = steps.slice(before).filter(({ version }) => version)
          .flatMap(({ changes }) => changes).find(({ path }) =>
            reads.includes(path) ||
            prefixes.some((prefix) => path.startsWith(prefix))
          );
        const noteVersion = note(
          changes.map(({ path, value }) => ({ path, value, expiry: 0 })),
        );
        commit.call(engine, batch, now);
        noteVersion(engine.writer.nextVersion - 1);
        if (overlooked !== undefined) {
          throw new Violation(
            `a transaction overlooked the change of ${overlooked.path}`,
          );
        }
      };
    });
  } finally {
    engine.commit = commit;
  }
}

/** Tells of each removal until what is returned is called. */
export function listenToRemovals(
  engine: Engine,
  note: Note<Uint8Array>,
): () => void {
  const remove = engine.remove;
  engine.remove = () => {
    if (engine.ledger.findLive(engine) === 0) return remove.call(engine);
    const { bytes, length } = engine.key;
    const noteVersion = note(bytes.slice(0, length));
    const isRemoved = remove.call(engine);
    noteVersion(engine.writer.nextVersion - 1);
    return isRemoved;
  };
  return () => void (engine.remove = remove);
}
