/**
 * Runs the scenarios on every runtime and across them; `run.sh` prepares what they
 * need and calls this with `name=path` of each runtime, Deno first.
 *
 * Deno runs the sources, the others run the packed artefact: that is what each of
 * their users gets.
 *
 * @module
 */

/** One runtime to test on. */
interface Runtime {
  name: string;
  path: string;
}

const ARTEFACT = ".tmp/interop";
const DATA = ".tmp/interop/data";
const TIMEOUT_MS = 120_000;

let passed = 0;
let failed = 0;

/** Counts one check of the runner's own. */
function count(ok: boolean, name: string, detail = ""): void {
  if (ok) passed++;
  else failed++;
  console.log(`${ok ? "ok" : "not ok"} - ${name}${ok ? "" : `\n${detail}`}`);
}

/** The command that runs a scenario of `words` on `runtime`. */
function commandOf(runtime: Runtime, words: string[]): Deno.Command {
  const args = runtime.name === "deno"
    ? [
      "run",
      "--no-prompt",
      // A worker's modules need it, unlike those of the program itself.
      `--allow-read=${ARTEFACT},tests/interop,src,mod.ts`,
      `--allow-write=${ARTEFACT}`,
      "--allow-net=127.0.0.1",
      "--allow-env=LOG_TOKENS,LOG_STREAM",
      "tests/interop/scenario.mjs",
    ]
    : [`${ARTEFACT}/scenario.mjs`];
  return new Deno.Command(runtime.path, {
    args: [...args, ...words],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  });
}

/** Runs a scenario to its end and adds its counts. */
async function run(runtime: Runtime, ...words: string[]): Promise<void> {
  const child = commandOf(runtime, words).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
  await child.stdin.close();
  const { stdout, code } = await child.output();
  clearTimeout(timer);
  const output = new TextDecoder().decode(stdout);
  const counts = /^counts: (\d+) passed, (\d+) failed\n$/m.exec(output);
  await Deno.stdout.write(
    new TextEncoder().encode(output.replace(/^counts: .*\n/m, "")),
  );
  passed += Number(counts?.[1] ?? 0);
  failed += Number(counts?.[2] ?? 0);
  if (counts === null || code !== 0) {
    count(false, `${runtime.name}: ${words[0]} ended with code ${code}`);
  }
}

/** Starts a holder of `directory`; resolves once it holds it. */
async function hold(
  runtime: Runtime,
  directory: string,
): Promise<Deno.ChildProcess> {
  const child = commandOf(runtime, ["hold", directory]).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  const said = new TextDecoder().decode(value);
  count(said === "ready\n", `${runtime.name}: holds a store`, said);
  return child;
}

/** Lets a holder close its store, or kills it; resolves when it is gone. */
async function release(child: Deno.ChildProcess, kill: boolean): Promise<void> {
  if (kill) child.kill("SIGKILL");
  else await child.stdin.close();
  await child.stdout.cancel();
  await child.status;
  if (kill) await child.stdin.close().catch(() => {});
}

/** What the artefact must and must not contain. */
async function checkArtefact(): Promise<void> {
  const root = `${ARTEFACT}/node_modules/@sett/badger`;
  const manifest = JSON.parse(
    await Deno.readTextFile(`${root}/package.json`),
  );
  const { exports } = JSON.parse(await Deno.readTextFile("deno.json"));
  count(
    Object.keys(manifest.exports).join() === Object.keys(exports).join(),
    "artefact: has every export",
  );
  const main = await Deno.readTextFile(`${root}/mod.d.ts`);
  count(main.includes("Store"), "artefact: the types are whole", main);
}

const runtimes: Runtime[] = Deno.args.map((argument) => {
  const [name = "", path = ""] = argument.split("=");
  return { name, path };
});
const [deno] = runtimes;

await checkArtefact();
for (const runtime of runtimes) {
  await run(runtime, "suite", `${DATA}/suite-${runtime.name}`);
  await run(runtime, "readers", `${DATA}/readers-${runtime.name}`);
}

const chain = [...runtimes, deno!];
for (const [link, runtime] of chain.entries()) {
  await run(runtime, "link", `${DATA}/chain`, String(link));
  await run(runtime, "encrypted-link", `${DATA}/encrypted`, String(link));
  await run(runtime, "server", `${DATA}/plugin`);
}

for (const [i, holder] of runtimes.entries()) {
  const directory = `${DATA}/held-by-${holder.name}`;
  const child = await hold(holder, directory);
  for (const opener of runtimes) {
    await run(opener, "refused", directory, holder.name);
    await run(opener, "reads", directory, holder.name);
  }
  await release(child, false);
  const next = runtimes[(i + 1) % runtimes.length]!;
  await run(next, "opens", directory, `that ${holder.name} has closed`);
}

// Deno may not ask whether the process of another runtime lives, so it is the opener
// here only where it was the holder too.
for (const [i, holder] of runtimes.entries()) {
  const directory = `${DATA}/killed-${holder.name}`;
  const child = await hold(holder, directory);
  await release(child, true);
  const next = runtimes[i + 1] ?? runtimes[1]!;
  await run(
    holder.name === "deno" ? holder : next,
    "opens",
    directory,
    `whose ${holder.name} was killed`,
  );
}

console.log(`${passed} passed, ${failed} failed`);
Deno.exit(failed === 0 ? 0 : 1);
