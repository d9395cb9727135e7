/**
 * Figures as people write and read them: counts, sizes, durations and times.
 *
 * @module
 */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const MILLISECONDS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A count with separators. */
export function count(number: number): string {
  return Math.round(number).toLocaleString("en-US");
}

/** A size with a binary unit. */
export function size(bytes: number): string {
  let unit = 0;
  while (bytes >= 1024 && unit < UNITS.length - 1) {
    bytes /= 1024;
    unit++;
  }
  return `${unit === 0 ? bytes : bytes.toFixed(1)} ${UNITS[unit]}`;
}

/** A ratio as a part of a hundred. */
export function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)}%`;
}

/** A duration in the unit that fits. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  }
  return `${Math.floor(seconds / 3600)} h ${
    Math.round(seconds % 3600 / 60)
  } min`;
}

/** A point in time; "never" for 0. */
export function time(milliseconds: number): string {
  if (milliseconds === 0) return "never";
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime())
    ? `${milliseconds} ms`
    : date.toISOString();
}

/**
 * Reads a duration with its unit, such as `90s` or `1.5h`.
 *
 * @throws {RangeError} If it is none.
 */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  const milliseconds = match === null
    ? NaN
    : Math.round(Number(match[1]) * MILLISECONDS[match[2]!]!);
  if (!(milliseconds > 0)) {
    throw new RangeError(
      `Cannot use ${
        JSON.stringify(text)
      } as a duration: give a number with ms, s, m, ` +
        `h or d, such as 90s`,
    );
  }
  return milliseconds;
}
