/**
 * Proof that the crash tests bite: each deliberate bug is found, and without one
 * nothing is.
 */
import { assert, assertEquals } from "@std/assert";
import { tempDir } from "../../support/temp.ts";
import { MUTANTS } from "./mutants.ts";
import { runScript } from "./patched_source.ts";

/** Crash states or faults after which a bug is taken to be overlooked. */
const TRIES = 3000;
/** As many without a bug, of each workload that shows one. */
const CLEAN_TRIES = 12;
/** Scripts that run at a time. */
const LANES = 2;

Deno.test("without a bug the scripts find nothing", async () => {
  await using dir = tempDir();
  for (const script of ["states", "faults"] as const) {
    const names = MUTANTS.filter((mutant) => mutant.script === script)
      .map(({ workload }) => workload);
    const { isCaught, output } = await runScript(
      dir.path,
      undefined,
      script,
      [...new Set(names)],
      CLEAN_TRIES,
    );
    assert(!isCaught, output);
  }
});

Deno.test(`each of ${MUTANTS.length} deliberate bugs is found`, async () => {
  const waiting = [...MUTANTS];
  const overlooked: string[] = [];
  const work = async () => {
    for (let mutant = waiting.pop(); mutant; mutant = waiting.pop()) {
      await using dir = tempDir();
      const { name, script, workload } = mutant;
      const { isCaught, output } = await runScript(
        dir.path,
        mutant,
        script,
        [workload],
        TRIES,
      );
      if (!isCaught) overlooked.push(`${name}: ${output}`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, work));
  assertEquals(overlooked, []);
});
