/**
 * An end to waiting.
 *
 * @module
 */

/**
 * Rejects if `act` takes longer than `milliseconds`; what it does goes on.
 *
 * @param what What did not come then, for the error: "answer".
 */
export async function inTime<T>(
  what: string,
  milliseconds: number,
  act: () => Promise<T>,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no ${what} within ${milliseconds} ms`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([act(), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
