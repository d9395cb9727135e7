/**
 * What the figures were measured on: a report without it cannot be compared.
 *
 * @module
 */

import { cpus, totalmem } from "node:os";
import { PEERS } from "./peers.ts";
import { HOME } from "./rounds.ts";

/** The processor, its cores, and the memory. */
export function describeMachine(): string {
  const all = cpus();
  const model = all[0]?.model.trim() || "unknown processor";
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return `${model}, ${all.length} cores, ${gibibytes} GiB, ${Deno.build.os} ${Deno.build.arch}`;
}

/** The versions of the packages that were measured, as `name version`. */
export function packageVersions(): string[] {
  const modules = new Set(PEERS.flatMap(({ module }) => module ?? []));
  return [...modules].flatMap((module) => {
    try {
      const path = `${HOME}/node_modules/${module}/package.json`;
      const { version } = JSON.parse(Deno.readTextFileSync(path));
      return `${module} ${version}`;
    } catch {
      return [];
    }
  });
}
