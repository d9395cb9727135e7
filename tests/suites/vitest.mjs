/**
 * Runs the suites of Keyv and unstorage with Vitest. The last line is
 * "N passed, N failed".
 */

// These are installed beside the packed artefact, and nowhere else.
const load = (name) => import(name);
const { startVitest } = await load("vitest/node");

const vitest = await startVitest("test", [], {
  include: ["*.suite.mjs"],
  watch: false,
  reporters: ["default"],
  fileParallelism: false,
});
await vitest.close();
let passed = 0;
let failed = 0;
for (const module of vitest.state.getTestModules()) {
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    if (state === "passed") passed++;
    else if (state === "skipped") console.log(`skipped: ${test.fullName}`);
    else failed++;
  }
  failed += module.errors().length;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
