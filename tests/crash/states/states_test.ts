/**
 * A slice of the crash states of every workload; `run.ts` tries all of them.
 */
import { assertEquals } from "@std/assert";
import { tryWorkload } from "./enumerate.ts";
import { ENCRYPTED_WORKLOADS, WORKLOADS } from "./workloads.ts";

/** Crash states of a workload that are tried from each seed. */
const TRIES = 24;
/** The same for an encrypted store. */
const ENCRYPTED_TRIES = 10;

Deno.test("a store opens on whatever a crash leaves, with a prefix of its history", async (t) => {
  const fresh = crypto.getRandomValues(new Uint32Array(1))[0]!;
  for (const [name, seed] of [["fixed", 1], ["fresh", fresh]] as const) {
    await t.step(
      `${WORKLOADS.length} workloads from the ${name} seed ${seed}`,
      async () => {
        const violations: string[] = [];
        for (const workload of WORKLOADS) {
          const extent = { seed, triesMax: TRIES, laterShare: 0.2 };
          violations.push(...(await tryWorkload(workload, extent)).violations);
        }
        assertEquals(violations.slice(0, 5), []);
      },
    );
  }
});

Deno.test("an encrypted store opens on whatever a crash leaves, too", async (t) => {
  const fresh = crypto.getRandomValues(new Uint32Array(1))[0]!;
  for (const [name, seed] of [["fixed", 1], ["fresh", fresh]] as const) {
    await t.step(
      `${ENCRYPTED_WORKLOADS.length} workloads from the ${name} seed ${seed}`,
      async () => {
        const violations: string[] = [];
        for (const workload of ENCRYPTED_WORKLOADS) {
          const triesMax = ENCRYPTED_TRIES;
          const extent = { seed, triesMax, laterShare: 0.2 };
          violations.push(...(await tryWorkload(workload, extent)).violations);
        }
        assertEquals(violations.slice(0, 5), []);
      },
    );
  }
});

Deno.test("there are at least 30 workloads, each with a name of its own", () => {
  const names = new Set(WORKLOADS.map(({ name }) => name));
  assertEquals([names.size, names.size >= 30], [WORKLOADS.length, true]);
});
