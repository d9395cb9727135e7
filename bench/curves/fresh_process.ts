/**
 * Runs a measurement in a process of its own, so that no other one's heap,
 * compiled code or counters are in its figures.
 *
 * @module
 */

/** What a process printed. */
export interface Printed {
  /** Its JSON lines. */
  lines: Record<string, unknown>[];
  /** All other lines. */
  text: string[];
}

/** How {@linkcode runFresh} goes. */
export interface FreshOptions {
  /** Flags for V8, such as `--expose-gc`. */
  v8Flags?: string[];
}

/**
 * Runs a module with all permissions and collects what it prints; what it says on
 * the error stream goes on to ours.
 *
 * All, because Deno gives `/proc` and native add-ons to no one else.
 */
export async function runFresh(
  module: string,
  args: string[],
  options: FreshOptions = {},
): Promise<Printed> {
  const { v8Flags = [] } = options;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-all",
      ...(v8Flags.length > 0 ? [`--v8-flags=${v8Flags.join(",")}`] : []),
      module,
      ...args,
    ],
    stdin: "null",
    stderr: "inherit",
  }).output();
  if (code !== 0) {
    const name = module.slice(module.lastIndexOf("/") + 1);
    throw new Error(
      `Cannot measure: ${name} ${args.join(" ")} ended with ${code}`,
    );
  }
  const printed: Printed = { lines: [], text: [] };
  // V8 buffers what it traces and hands it over in the middle of a line, so a
  // JSON line of ours may stand within one of its own.
  const rest = new TextDecoder().decode(stdout).replaceAll(
    /\{".*\}\n/g,
    (line) => {
      printed.lines.push(JSON.parse(line));
      return "";
    },
  );
  printed.text.push(...rest.split("\n"));
  return printed;
}

/** The one line of a process that has `key`. */
export function lineWith<T>(printed: Printed, key: string): T {
  const line = printed.lines.find((line) => key in line);
  if (line === undefined) throw new Error(`Cannot read results: no "${key}"`);
  return line[key] as T;
}
