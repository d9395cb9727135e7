/**
 * Makes the indexes of a collection anew from its values, in slices, while it is in
 * use. Until the end they are marked as not built: whoever would look something up
 * is told so, also after a crash, and the next rebuild begins afresh.
 *
 * @module
 */

import { indexItem, sameBytes } from "./index_definition.ts";
import {
  CATALOGUE_KEY,
  concat,
  ENTRY_PREFIX,
  entryKey,
  idOf,
  isUnique,
  ITEM_PREFIX,
  readItemHead,
} from "./item.ts";
import { hasStem, type ItemSpace } from "./item_space.ts";
import { OrderedReader } from "./ordered_key.ts";
import { WriteWindow } from "./write_window.ts";

const ACTION = "rebuild the indexes of";

/** Rebuilds the indexes; returns how many items were written anew. */
export async function rebuildIndexes(
  space: ItemSpace,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { bucket, catalogue } = space;
  const stop = signal === undefined ? {} : { signal };
  // From here on every write enters its item into the new indexes, so the walk over
  // the items of this moment leaves none out.
  await bucket.set(CATALOGUE_KEY, catalogue.beginRebuild());
  const writes = new WriteWindow();
  let written = 0;
  const items = { prefix: ITEM_PREFIX, keysOnly: true, ...stop } as const;
  for await (const [key] of bucket.list(items)) {
    const write = renew(space, key);
    if (write === undefined) continue;
    written++;
    await writes.add(write);
  }
  const entries = { prefix: ENTRY_PREFIX, ...stop };
  for await (const [key, target] of bucket.list(entries)) {
    const write = dropUnnamed(space, key, target);
    if (write !== undefined) await writes.add(write);
  }
  // Nothing may say that the indexes are built before they are.
  await writes.settle();
  await bucket.set(CATALOGUE_KEY, catalogue.endRebuild());
  return written;
}

/** Enters an item as it is now, if its entries are not right already. */
function renew(space: ItemSpace, key: Uint8Array): Promise<void> | undefined {
  const { bucket, catalogue, name } = space;
  const { value: item, expiresAt } = bucket.getEntry(key);
  if (item === undefined) return undefined;
  const action = `${ACTION} ${name}`;
  const value = space.decode(key, item);
  const head = readItemHead(item)!;
  const indexed = indexItem(space.indexes, value);
  const { starts } = catalogue.forWriting(action);
  const stems = indexed.map(({ index, bytes }) =>
    concat(starts.get(index)!, bytes)
  );
  const isRight = stems.length === head.stems.length &&
    stems.every((stem) => hasStem(head.stems, stem)) &&
    stems.every((stem) => hasOwnEntry(space, stem, idOf(key)));
  if (isRight) return undefined;
  const expireIn = expiresAt === undefined
    ? undefined
    : Math.max(1, expiresAt - Date.now());
  const bytes = item.subarray(head.valueStart);
  const prepared = { key, value: bytes, indexed, expireIn };
  return space.put(prepared, action, { renewsEntries: true });
}

/** True if the entry is there and points at the item. */
function hasOwnEntry(
  { bucket }: ItemSpace,
  stem: Uint8Array,
  id: Uint8Array,
): boolean {
  const target = bucket.getView(entryKey(stem, id));
  if (target === undefined) return false;
  if (!isUnique(stem)) return true;
  return sameBytes(target, id);
}

/** Deletes an entry that its item does not name. */
function dropUnnamed(
  space: ItemSpace,
  key: Uint8Array,
  target: Uint8Array,
): Promise<unknown> | undefined {
  const { bucket } = space;
  const start = ENTRY_PREFIX.length;
  let stem = key.subarray(start);
  let id = target;
  if (!isUnique(stem)) {
    let valueStart = start;
    while (key[valueStart]! >= 128) valueStart++;
    const reader = new OrderedReader(key, valueStart + 1);
    try {
      reader.read();
    } catch { /* not an entry at all: nothing names it */ }
    stem = key.subarray(start, reader.position);
    id = key.subarray(reader.position);
  } else {
    // The entry may have passed to another item since the listing began.
    id = bucket.getSync(key) ?? target;
  }
  return space.itemOf(bucket, id, stem) === undefined
    ? bucket.delete(key)
    : undefined;
}
