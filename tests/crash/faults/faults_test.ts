/**
 * A slice of the faults of every workload; `run.ts` tries all of them.
 */
import { assertEquals } from "@std/assert";
import { ENCRYPTED_WORKLOADS, WORKLOADS } from "../states/workloads.ts";
import { tryFaults } from "./inject.ts";

/** Faults of a workload that are tried from each seed. */
const TRIES = 4;
/** The same for an encrypted store. */
const ENCRYPTED_TRIES = 3;

Deno.test("whatever operation fails, the store says so and comes back", async (t) => {
  const unhandled: string[] = [];
  const listener = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(String(event.reason?.stack ?? event.reason));
  };
  globalThis.addEventListener("unhandledrejection", listener);
  const fresh = crypto.getRandomValues(new Uint32Array(1))[0]!;
  for (const [name, seed] of [["fixed", 1], ["fresh", fresh]] as const) {
    await t.step(
      `${WORKLOADS.length} workloads from the ${name} seed ${seed}`,
      async () => {
        const violations: string[] = [];
        for (const workload of WORKLOADS) {
          const extent = { seed, triesMax: TRIES, laterShare: 0.1 };
          violations.push(...(await tryFaults(workload, extent)).violations);
        }
        assertEquals(violations.slice(0, 5), []);
      },
    );
  }
  await t.step(`the same on encrypted stores from seed ${fresh}`, async () => {
    const violations: string[] = [];
    for (const workload of ENCRYPTED_WORKLOADS) {
      const extent = {
        seed: fresh,
        triesMax: ENCRYPTED_TRIES,
        laterShare: 0.1,
      };
      violations.push(...(await tryFaults(workload, extent)).violations);
    }
    assertEquals(violations.slice(0, 5), []);
  });
  globalThis.removeEventListener("unhandledrejection", listener);
  assertEquals(unhandled, []);
});
