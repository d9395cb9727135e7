import { assertEquals } from "@std/assert";
import { campaign } from "./campaign.ts";

const HISTORIES = 32;
const OPERATIONS = 100;

Deno.test("simulation: a store does what the model does, through crashes and faults", async (t) => {
  const fresh = crypto.getRandomValues(new Uint32Array(1))[0]!;
  const seeds = [["fixed", 1], ["fresh", fresh], ["encrypted", fresh]] as const;
  for (const [name, seed] of seeds) {
    const title = `${HISTORIES} histories from the ${name} seed ${seed}`;
    await t.step(title, async () => {
      const lines: string[] = [];
      const { failed } = await campaign({
        seed,
        length: OPERATIONS,
        isEncrypted: name === "encrypted",
        failuresMax: 1,
        isOver: (histories) => histories >= HISTORIES,
        print: (line) => lines.push(line),
      });
      assertEquals(failed, 0, lines.join("\n"));
    });
  }
});
