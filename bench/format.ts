/**
 * Lays out what a benchmark has written.
 *
 * @module
 */

/** Lays files out as the repository's check wants it. */
export async function format(paths: string[]): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", ...paths],
  }).output();
  // Below `.tmp`, say, which the repository leaves alone.
  if (!success) console.error("The results are not formatted");
}
