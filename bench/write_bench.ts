/** One write, by how long its caller waits. 16-byte keys, 100-byte values. */
import { keys, openEmpty, scattered, value } from "./support.ts";

const TURN = 1000;
const BATCH = 100;
const next = scattered();

const inTurn = await openEmpty("set");
Deno.bench(`set: ${TURN} in one turn, awaited together`, async () => {
  const writes: Promise<void>[] = [];
  for (let i = 0; i < TURN; i++) writes.push(inTurn.set(keys[next()]!, value));
  await Promise.all(writes);
});

const alone = await openEmpty("set_alone");
Deno.bench("set: one, awaited", async () => {
  await alone.set(keys[next()]!, value);
});

const sync = await openEmpty("set_sync");
Deno.bench("setSync: one, handed to the system", () => {
  sync.setSync(keys[next()]!, value);
});

const durable = await openEmpty("sync_writes", { syncWrites: true });
Deno.bench(`set: ${TURN} in one turn, syncWrites`, async () => {
  const writes: Promise<void>[] = [];
  for (let i = 0; i < TURN; i++) writes.push(durable.set(keys[next()]!, value));
  await Promise.all(writes);
});

const batched = await openEmpty("batch");
Deno.bench(`batch: ${BATCH} sets, committed`, async () => {
  const batch = batched.batch();
  for (let i = 0; i < BATCH; i++) batch.set(keys[next()]!, value);
  await batch.commit();
});
