import { assertEquals } from "@std/assert";
import { isLinearizable, type Observed } from "./linearizability.ts";

const set: Observed = { start: 1, end: 4, kind: "set", value: "a" };

Deno.test("linearizability: a read beside a write may see it or not", () => {
  for (const value of ["a", undefined]) {
    const read: Observed = { start: 2, end: 3, kind: "get", value };
    assertEquals(isLinearizable([set, read]), true);
  }
});

Deno.test("linearizability: a read after a write must see it", () => {
  const read: Observed = { start: 5, end: 6, kind: "get", value: undefined };
  assertEquals(isLinearizable([set, read]), false);
});

Deno.test("linearizability: what was seen once does not go again", () => {
  const seen: Observed = { start: 2, end: 3, kind: "get", value: "a" };
  const gone: Observed = { start: 3.5, end: 3.7, kind: "get" };
  assertEquals(isLinearizable([set, seen, gone]), false);
  assertEquals(isLinearizable([set, gone, { ...seen, end: 3.8 }]), true);
});

Deno.test("linearizability: of two that set what is absent one is told so", () => {
  const both: Observed[] = ["a", "b"].map((value) => ({
    start: 1,
    end: 2,
    kind: "setIfAbsent",
    value,
    done: true,
  }));
  assertEquals(isLinearizable(both), false);
  assertEquals(isLinearizable([both[0]!, { ...both[1]!, done: false }]), true);
});

Deno.test("linearizability: a delete tells whether there was something", () => {
  const told: Observed = { start: 5, end: 6, kind: "delete", done: false };
  assertEquals(isLinearizable([set, told]), false);
  assertEquals(isLinearizable([set, { ...told, done: true }]), true);
});

Deno.test("linearizability: no count is told twice or left out", () => {
  const counts = (...values: string[]): Observed[] =>
    values.map((value) => ({ start: 1, end: 2, kind: "increment", value }));
  assertEquals(isLinearizable(counts("2", "1", "3")), true);
  assertEquals(isLinearizable(counts("1", "1")), false);
  assertEquals(isLinearizable(counts("1", "3")), false);
});

Deno.test("linearizability: a swap is done just where there is what it replaces", () => {
  const swap: Observed = {
    start: 1,
    end: 4,
    kind: "swap",
    before: undefined,
    value: "b",
    done: true,
  };
  assertEquals(isLinearizable([set, swap]), true);
  assertEquals(
    isLinearizable([{ ...set, end: 2 }, { ...swap, start: 3 }]),
    false,
  );
  assertEquals(isLinearizable([{ ...swap, done: false }]), false);
  const lost: Observed = {
    ...swap,
    before: "a",
    start: 5,
    end: 6,
    done: false,
  };
  assertEquals(isLinearizable([set, lost]), false);
});
