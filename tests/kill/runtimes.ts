/**
 * The runtimes that take part.
 *
 * @module
 */

import type { Runtime } from "./chain.ts";

/** This Deno, which runs the sources, and those named as `NAME=PATH=MODULE`. */
export function readRuntimes(named: string[]): Runtime[] {
  if (named.length === 0) {
    console.log("ONLY DENO: without --runtime no other runtime takes part");
  }
  return [
    {
      name: "deno",
      path: Deno.execPath(),
      module: new URL("../../mod.ts", import.meta.url).href,
    },
    ...named.map((text) => {
      const [name = "", path = "", module = ""] = text.split("=");
      return { name, path, module };
    }),
  ];
}

/** What Deno is granted; the other runtimes ask for nothing. */
export function denoPermissions(runtime: Runtime, paths: string[]): string[] {
  if (runtime.name !== "deno") return [];
  const root = new URL("../../", import.meta.url).pathname;
  return [
    "run",
    "--no-config",
    "--no-lock",
    "--no-prompt",
    `--allow-read=${[...paths, root].join()}`,
    `--allow-write=${paths.join()}`,
    // Without it Deno cannot know that a killed process of another runtime is dead.
    "--allow-run",
  ];
}
