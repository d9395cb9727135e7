/**
 * A process is killed while it opens a store, works on it, collects garbage or closes
 * it: all that was acknowledged is there, and what is there is the work up to some
 * operation. `run.sh` does it more often, and on every runtime.
 */
import { assertEquals } from "@std/assert";
import { Dice } from "../hostile/dice.ts";
import { tempDir } from "../support/temp.ts";
import { KillChain, PHASES } from "./chain.ts";

const ROUNDS = 2;

Deno.test("killed in every phase of its life, a process leaves all that was acknowledged", async () => {
  await using directory = tempDir();
  const path = Deno.realPathSync(directory.path);
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  const runtime = {
    name: "deno",
    path: Deno.execPath(),
    module: new URL("../../mod.ts", import.meta.url).href,
  };
  const chain = new KillChain(path, seed, new Dice(seed));
  const { totals } = chain;
  for (let round = 0; round < ROUNDS; round++) {
    for (const phase of ["work", "recovery", "gc", "close"] as const) {
      await chain.live(runtime, phase);
      assertEquals(totals.failures, [], `seed ${seed}`);
    }
  }
  await chain.finish(runtime);
  assertEquals(totals.failures, [], `seed ${seed}`);
  const kills = [...totals.kills.values()].reduce((sum, one) => sum + one, 0);
  assertEquals(kills, ROUNDS * PHASES.length);
  console.log(`${totals.operations} operations, ${kills} kills, seed ${seed}`);
});
