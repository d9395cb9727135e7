import { assert } from "@std/assert";
import fc from "fast-check";
import { Bank, type Day, type Manner } from "./bank.ts";

/** Runs from the fixed seed, which make more than enough transfers, and others. */
const RUNS = 30;
const FRESH_RUNS = 10;

const anyDay: fc.Arbitrary<Day> = fc.record({
  transfers: fc.integer({ min: 8, max: 30 }),
  steps: fc.oneof(fc.nat({ max: 100 }), fc.constant(10_000)),
  ending: fc.constantFrom("close", "kill", "power loss"),
  freeBytes: fc.oneof(
    { weight: 2, arbitrary: fc.constant(Infinity) },
    { weight: 1, arbitrary: fc.nat({ max: 3000 }) },
  ),
  seed: fc.nat(),
});

interface Totals {
  transfers: number;
  refused: number;
  audits: number;
  retries: number;
}

async function run(
  syncWrites: boolean,
  manner: Manner,
  parameters: fc.Parameters<[Day[], fc.Scheduler]>,
): Promise<Totals> {
  const total = { transfers: 0, refused: 0, audits: 0, retries: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyDay, { minLength: 1, maxLength: 4 }),
      fc.scheduler(),
      async (days, scheduler) => {
        const bank = new Bank(scheduler, syncWrites, manner);
        await bank.start();
        for (const day of days) await bank.live(day);
        total.transfers += bank.transfers;
        total.refused += bank.refused;
        total.audits += bank.audits;
        total.retries += bank.retries;
      },
    ),
    parameters,
  );
  return total;
}

for (const syncWrites of [true, false]) {
  const name = `sync_writes ${syncWrites ? "on" : "off"}`;
  Deno.test(`the bank's sum stays the same with ${name}`, async () => {
    const total = await run(syncWrites, "batch", { numRuns: RUNS, seed: 1 });
    const text = JSON.stringify(total);
    assert(total.transfers >= 1000, text);
    assert(total.refused > 0 && total.audits > 0, text);
    await run(syncWrites, "batch", { numRuns: FRESH_RUNS });
  });
}

Deno.test("the bank's sum stays the same with transactions that take their time", async () => {
  const total = await run(true, "transaction", { numRuns: RUNS, seed: 1 });
  const text = JSON.stringify(total);
  assert(total.transfers >= 1000 && total.retries >= 100, text);
  assert(total.refused > 0 && total.audits > 0, text);
  await run(false, "transaction", { numRuns: FRESH_RUNS });
});

Deno.test("the bank's sum tells of transfers that are not in one batch", async () => {
  const { failed } = await fc.check(
    fc.asyncProperty(anyDay, fc.scheduler(), async (day, scheduler) => {
      const bank = new Bank(scheduler, true, "careless");
      await bank.start();
      await bank.live(day);
    }),
    { numRuns: 50, seed: 1, endOnFailure: true },
  );
  assert(failed);
});
