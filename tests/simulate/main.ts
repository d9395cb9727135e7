/**
 * `deno task simulate --seed S --minutes M --length N [--encrypted]`: histories one after the other,
 * each from a seed of its own, until the time is up. The first that fails is made
 * small and printed as an array for tests/model/regressions_test.ts.
 *
 * @module
 */

import { campaign } from "./campaign.ts";

const MILLISECONDS_A_MINUTE = 60_000;

function readNumber(name: string, otherwise: number): number {
  const at = Deno.args.indexOf(`--${name}`);
  if (at < 0) return otherwise;
  const value = Number(Deno.args[at + 1]);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new RangeError(`Cannot use ${Deno.args[at + 1]} as --${name}`);
}

const fresh = crypto.getRandomValues(new Uint32Array(1))[0]!;
const seed = readNumber("seed", fresh);
const end = performance.now() +
  readNumber("minutes", 1) * MILLISECONDS_A_MINUTE;
const { failed } = await campaign({
  seed,
  length: readNumber("length", 100),
  isEncrypted: Deno.args.includes("--encrypted"),
  failuresMax: readNumber("failures", 3),
  isOver: () => performance.now() >= end,
  print: console.log,
});
Deno.exit(failed > 0 ? 1 : 0);
