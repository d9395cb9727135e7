/**
 * Reads environment variables where that is allowed, and never asks for leave: in
 * Deno a variable that was not granted counts as not set.
 *
 * @module
 */

import process from "node:process";

/** Returns the value of an environment variable, or `undefined` if it is not set. */
export type EnvironmentReader = (name: string) => string | undefined;

interface DenoLike {
  permissions: {
    querySync(descriptor: { name: "env"; variable: string }): { state: string };
  };
}

/**
 * Reads one variable of the process.
 *
 * @param name The name of the variable.
 * @returns Its value; `undefined` if it is not set or may not be read.
 */
export function systemEnvironment(name: string): string | undefined {
  const { Deno } = globalThis as { Deno?: DenoLike };
  const state = Deno?.permissions.querySync({ name: "env", variable: name })
    .state;
  return state === undefined || state === "granted"
    ? process.env[name]
    : undefined;
}

/**
 * The variable that overrides a setting: `BADGER_<KEY>` for the instance named
 * `badger`, `BADGER_<NAME>_<KEY>` for any other.
 *
 * @param key The name of the setting in YAML.
 * @param instance The name of the instance.
 */
export function variableName(key: string, instance: string): string {
  const middle = instance === "badger" ? "" : `${instance}_`;
  return `BADGER_${middle}${key}`.toUpperCase().replace(/[^A-Z0-9]/g, "_");
}
