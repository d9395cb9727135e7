/* @ts-self-types="./mod.d.ts" */
/**
 * `@std/assert` for a machine that reaches npm but not JSR: the same code, taken
 * from an npm copy of the standard library. The types beside this file are ours
 * and cover the assertions the tests use.
 *
 * @module
 */
export {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
} from "npm:deno-std@1.4.0/assert/mod.js";
