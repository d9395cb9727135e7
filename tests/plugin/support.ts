/**
 * Starting instances without the environment, and looking at what they leave.
 */
import {
  Badger,
  type BadgerConfig,
  type BadgerOptions,
} from "../../src/plugin/mod.ts";

/** An instance that touches no disk. */
export const IN_MEMORY: BadgerConfig = { memory_mode: true };

/** Starts an instance that sees no variable of the environment. */
export function start(
  config: BadgerConfig,
  options: BadgerOptions = {},
): Promise<Badger> {
  return Badger.start(config, { env: () => undefined, ...options });
}

/** A value as text. */
export function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}

/** The names in a directory, directories with a slash. */
export function namesIn(path: string): string[] {
  return [...Deno.readDirSync(path)]
    .map(({ name, isDirectory }) => isDirectory ? `${name}/` : name)
    .sort();
}
