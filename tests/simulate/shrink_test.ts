/**
 * The simulation itself: a mistake of the model must be found, and the history that
 * shows it made small.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { generate } from "./generate.ts";
import type { Mistake } from "./model.ts";
import { type History, printHistory } from "./operations.ts";
import { shrink, simplerThan } from "./shrink.ts";
import { runHistory } from "./simulation.ts";

/** The first history that shows the mistake, and what it is shrunk to. */
async function findMistake(mistake: Mistake): Promise<[History, History]> {
  for (let seed = 1; seed < 200; seed++) {
    const history = generate(seed, 100);
    const { failure } = await runHistory(history, mistake);
    if (failure === undefined) continue;
    const shrunk = await shrink(
      history,
      async (history) => (await runHistory(history, mistake)).failure,
    );
    return [history, shrunk.history];
  }
  throw new Error("No history shows it");
}

Deno.test("shrinking: a model that forgets deletes is told by two operations", async () => {
  const [history, shrunk] = await findMistake("forgets deletes");
  assertEquals(history.length, 100);
  assert(shrunk.length <= 2, printHistory(shrunk));
  const kinds = shrunk.map(({ op }) => op);
  const mayDelete = /delete|batch|atomic|transaction|empty/;
  assert(kinds.some((op) => mayDelete.test(op)), kinds.join());
  // It is data: what was printed runs again, and to the same end.
  const again: History = JSON.parse(JSON.stringify(shrunk));
  const failed = await runHistory(again, "forgets deletes");
  assert(failed.failure !== undefined);
  assertEquals((await runHistory(again)).failure, undefined);
});

Deno.test("shrinking: a model that believes in unsynced writes is told by a crash", async () => {
  const [, shrunk] = await findMistake("believes unsynced writes");
  assert(shrunk.length <= 3, printHistory(shrunk));
  assert(shrunk.some((operation) => operation.op === "crash"));
  assertEquals((await runHistory(shrunk)).failure, undefined);
});

Deno.test("shrinking: a model whose snapshots see deletes is told by few operations", async () => {
  const [, shrunk] = await findMistake("lets snapshots see deletes");
  assert(shrunk.length <= 4, printHistory(shrunk));
  const kinds = shrunk.map(({ op }) => op).join();
  assert(/snapshot.*readSnapshot/.test(kinds), kinds);
  assertEquals((await runHistory(shrunk)).failure, undefined);
});

Deno.test("shrinking: a model that tells no watch of deletes is told by few operations", async () => {
  const [, shrunk] = await findMistake("tells nobody of deletes");
  assert(shrunk.length <= 4, printHistory(shrunk));
  const kinds = shrunk.map(({ op }) => op).join();
  assert(/watch.*readWatch/.test(kinds), kinds);
  assertEquals((await runHistory(shrunk)).failure, undefined);
});

Deno.test("simulation: a history is a function of its seed, and its run of it", async () => {
  for (let seed = 1; seed < 6; seed++) {
    const history = generate(seed, 60);
    assertEquals(generate(seed, 60), history);
    const first = await runHistory(history);
    const second = await runHistory(JSON.parse(JSON.stringify(history)));
    assertEquals(second.figures, first.figures);
  }
});

Deno.test("shrinking: every simpler operation is smaller", () => {
  for (const operation of generate(3, 200)) {
    const { length } = JSON.stringify(operation);
    for (const simpler of simplerThan(operation)) {
      assert(JSON.stringify(simpler).length <= length, JSON.stringify(simpler));
    }
  }
});
