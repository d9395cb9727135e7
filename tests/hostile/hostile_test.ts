/**
 * Damaged stores of every kind are opened: they are refused with an error that says
 * what is wrong, or hold what they may hold. `main.ts` tries many more.
 */
import { assertEquals } from "@std/assert";
import { openEngine } from "../../src/store/store.ts";
import { tempDir } from "../support/temp.ts";
import { addTally, BLOCK_STORES, emptyTally, runBlock } from "./campaign.ts";
import { makeCorpus } from "./corpus.ts";
import { Dice } from "./dice.ts";
import { HostileHost } from "./hostile_host.ts";
import { mutate, untouched } from "./mutant.ts";
import { reportFailures } from "./report.ts";
import { Thread } from "./thread.ts";
import { DIRECTORY, type Files } from "./store_maker.ts";

/** Stores of each seed. */
const STORES = 800;
/** Stores that are put on the real file system. */
const REAL_STORES = 60;

Deno.test("a damaged store is refused or holds what it may hold", async (t) => {
  const fresh = crypto.getRandomValues(new Uint32Array(1))[0]!;
  const seeds = [["fixed", 1], ["fresh", fresh]] as const;
  const tallies = await Promise.all(seeds.map(async ([, seed]) => {
    using thread = new Thread();
    return await thread.run(seed, 0, STORES);
  }));
  for (const [index, [name, seed]] of seeds.entries()) {
    await t.step(`${STORES} stores of the ${name} seed ${seed}`, () => {
      const { failures, trusts } = tallies[index]!;
      reportFailures(failures, seed);
      assertEquals(failures.length, 0);
      assertEquals(Object.keys(trusts).length, 4);
    });
  }
});

Deno.test("a damaged store is made and tried the same way every time", async () => {
  const corpus = await makeCorpus();
  const whole = await runBlock(corpus, 3, 0, 40);
  const parts = emptyTally();
  for (const [first, end] of [[0, 15], [15, 16], [16, 40]] as const) {
    addTally(parts, await runBlock(await makeCorpus(), 3, first, end));
  }
  assertEquals(
    [parts.outcomes, parts.kinds, parts.trusts],
    [whole.outcomes, whole.kinds, whole.trusts],
  );
  const other = await runBlock(corpus, 3, BLOCK_STORES, BLOCK_STORES + 40);
  assertEquals(
    JSON.stringify(other.kinds) === JSON.stringify(whole.kinds),
    false,
  );
});

/** How an open ends: with an error, or with what recovery says. */
function outcomeOf(open: () => ReturnType<typeof openEngine>): unknown {
  try {
    const engine = open();
    const { source, rowsFromHints, recordsReplayed, bytesCut } =
      engine.recovery;
    const keys = engine.ledger.liveKeys;
    void engine.close();
    return { source, rowsFromHints, recordsReplayed, bytesCut, keys };
  } catch (error) {
    const { code, offset } = error as { code: string; offset: number };
    return { code, offset };
  }
}

function writeFiles(path: string, files: Files): void {
  Deno.mkdirSync(path);
  for (const [name, bytes] of files) {
    Deno.writeFileSync(`${path}/${name}`, bytes);
  }
}

Deno.test("a damaged store on the real file system is dealt with as in memory", async () => {
  await using directory = tempDir();
  const corpus = await makeCorpus();
  const dice = new Dice(7);
  for (let number = 0; number < REAL_STORES; number++) {
    let mutant = untouched(dice.pick(corpus));
    for (let steps = dice.small(3); steps > 0; steps--) {
      mutant = mutate(mutant, dice, corpus);
    }
    const path = `${directory.path}/${number}`;
    writeFiles(path, mutant.files);
    const { options } = mutant.base;
    const host = new HostileHost(mutant.files, dice);
    assertEquals(
      outcomeOf(() => openEngine({ ...options, path })),
      outcomeOf(() => openEngine({ ...options, path: DIRECTORY }, host)),
      `${mutant.base.name}: ${mutant.steps.join(", ")}`,
    );
  }
});
