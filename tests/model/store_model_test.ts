import { runHistory } from "./store_model.ts";

const HISTORIES = 100;
const STEPS = 120;

Deno.test("a store does what a Map does, through any history", async (t) => {
  const fresh = crypto.getRandomValues(new Uint32Array(1))[0]!;
  for (const [name, first] of [["fixed", 1], ["fresh", fresh]] as const) {
    await t.step(
      `${HISTORIES} histories from the ${name} seed ${first}`,
      async () => {
        for (let i = 0; i < HISTORIES; i++) await runHistory(first + i, STEPS);
      },
    );
  }
});
