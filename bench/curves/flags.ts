/**
 * The flags of a measurement, `--name value` or `--name` alone.
 *
 * Every size a program takes goes through {@linkcode scaled}, so that one flag,
 * `--scale 0.01`, makes a rehearsal of the whole of it.
 *
 * @module
 */

/** The words after `--name`, or `undefined` if it was not given. */
function find(name: string): string | undefined {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? undefined : Deno.args[at + 1] ?? "";
}

/** True if `--name` was given. */
export function hasFlag(name: string): boolean {
  return Deno.args.includes(`--${name}`);
}

/** The text of `--name`, or `fallback`. */
export function textFlag(name: string, fallback: string): string {
  return find(name) ?? fallback;
}

/** The number of `--name`, or `fallback`. */
export function numberFlag(name: string, fallback: number): number {
  const [number] = numbersFlag(name, [fallback]);
  return number!;
}

/** The numbers of `--name a,b,c`, or `fallback`. */
export function numbersFlag(name: string, fallback: number[]): number[] {
  const text = find(name);
  if (text === undefined) return fallback;
  const numbers = text.split(",").map(Number);
  if (text === "" || numbers.some((number) => !(number >= 0))) {
    throw new RangeError(`Cannot use "${text}" as --${name}: not a number`);
  }
  return numbers;
}

/** What all sizes are multiplied by; 1 is the measurement as it is meant. */
export const scale: number = numberFlag("scale", 1);

/** The size that `--name` gives, or `fallback` times the scale; at least `least`. */
export function scaled(
  name: string,
  fallback: number,
  least: number = 1000,
): number {
  return numberFlag(name, Math.max(least, Math.round(fallback * scale)));
}
