import { assert } from "@std/assert";
import fc from "fast-check";
import { Bank, type Day } from "./bank.ts";

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

async function run(
  syncWrites: boolean,
  parameters: fc.Parameters<[Day[], fc.Scheduler]>,
): Promise<{ transfers: number; refused: number; audits: number }> {
  const total = { transfers: 0, refused: 0, audits: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyDay, { minLength: 1, maxLength: 4 }),
      fc.scheduler(),
      async (days, scheduler) => {
        const bank = new Bank(scheduler, syncWrites);
        await bank.start();
        for (const day of days) await bank.live(day);
        total.transfers += bank.transfers;
        total.refused += bank.refused;
        total.audits += bank.audits;
      },
    ),
    parameters,
  );
  return total;
}

for (const syncWrites of [true, false]) {
  const name = `sync_writes ${syncWrites ? "on" : "off"}`;
  Deno.test(`the bank's sum stays the same with ${name}`, async () => {
    const total = await run(syncWrites, { numRuns: RUNS, seed: 1 });
    const text = JSON.stringify(total);
    assert(total.transfers >= 1000, text);
    assert(total.refused > 0 && total.audits > 0, text);
    await run(syncWrites, { numRuns: FRESH_RUNS });
  });
}

Deno.test("the bank's sum tells of transfers that are not in one batch", async () => {
  const { failed } = await fc.check(
    fc.asyncProperty(anyDay, fc.scheduler(), async (day, scheduler) => {
      const bank = new Bank(scheduler, true, true);
      await bank.start();
      await bank.live(day);
    }),
    { numRuns: 50, seed: 1, endOnFailure: true },
  );
  assert(failed);
});
