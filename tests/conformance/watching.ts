/**
 * Watching: every commit, once, in order.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { WatchedCommit, WatchOptions } from "../../mod.ts";
import { checkSpace } from "./space.ts";
import { assertFails, text } from "./support.ts";
import type { Check } from "./suite.ts";

function show({ changes }: WatchedCommit): string {
  return changes.map(({ key, value }) =>
    `${text(key)}=${value === undefined ? "-" : text(value)}`
  ).join(" ");
}

/** Takes so many commits off a stream, and lets go of it. */
async function take(
  stream: ReadableStream<WatchedCommit>,
  count: number,
): Promise<WatchedCommit[]> {
  const taken: WatchedCommit[] = [];
  for await (const commit of stream) {
    taken.push(commit);
    if (taken.length === count) break;
  }
  return taken;
}

/** Registers the tests of this file. */
export function addWatchTests(check: Check): void {
  checkSpace(check, "a watch tells of each commit in order", async (space) => {
    await space.set("before", "x");
    const stream = space.watch();
    await space.set("a", "1");
    await space.batch().set("b", "2").set("c", "3").delete("a").commit();
    await space.delete("b");
    await space.set("d", "4", { expireIn: 1e6 });
    const commits = await take(stream, 4);
    assertEquals(commits.map(show), ["a=1", "b=2 c=3 a=-", "b=-", "d=4"]);
    assertEquals(
      commits[3]!.changes[0]!.expiresAt,
      space.getEntry("d").expiresAt,
    );
    const stamps = commits.map(({ versionstamp }) => versionstamp);
    assertEquals(stamps, stamps.toSorted());
    assertEquals(stamps[3], space.getEntry("d").versionstamp);
  });

  checkSpace(check, "a watch waits for what comes", async (space) => {
    const commits = take(space.watch(), 3);
    for (const value of ["1", "2", "3"]) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await space.set("k", value);
    }
    assertEquals((await commits).map(show), ["k=1", "k=2", "k=3"]);
  });

  checkSpace(check, "only keys of interest are told of", async (space) => {
    const cases: [WatchOptions, string[]][] = [
      [{ prefix: "a/" }, ["a/1=x", "a/2=x"]],
      [{ keys: ["b", "a/2"] }, ["a/2=x b=x", "b=-"]],
      [{ prefix: new Uint8Array([98]) }, ["b=x", "b=-"]],
    ];
    const streams = cases.map(([options]) => space.watch(options));
    await space.set("a", "x");
    await space.set("a/1", "x");
    await space.batch().set("a/2", "x").set("b", "x").set("c", "x").commit();
    await space.delete("b");
    for (const [at, [, expected]] of cases.entries()) {
      const commits = await take(streams[at]!, expected.length);
      assertEquals(commits.map(show), expected);
    }
    await assertFails(() => space.watch({ keys: ["a"], prefix: "a" }), {
      name: "TypeError",
    });
  });

  checkSpace(
    check,
    "a watch goes on from a versionstamp",
    async (space, { reopen }) => {
      const first = space.watch();
      for (let i = 0; i < 5; i++) await space.set(`k${i}`, `${i}`);
      const [, second] = await take(first, 2);
      await reopen?.();
      await space.set("after", "x");
      const since = second!.versionstamp;
      const rest = await take(space.watch({ since }), 4);
      assertEquals(rest.map(show), ["k2=2", "k3=3", "k4=4", "after=x"]);
      const last = rest.at(-1)!.versionstamp;
      const later = space.watch({ since: last });
      await space.set("later", "x");
      assertEquals((await take(later, 1)).map(show), ["later=x"]);
      await assertFails(() => space.watch({ since: "f" }), {
        name: "TypeError",
      });
      await assertFails(() => space.watch({ since: "f".padStart(20, "0") }), {
        name: "RangeError",
        message: "has not come to it",
      });
    },
  );

  checkSpace(check, "large values are told of whole", async (space) => {
    const stream = space.watch();
    const value = "large ".repeat(400_000);
    await space.set("large", value);
    const [commit] = await take(stream, 1);
    assert(show(commit!) === `large=${value}`);
  });

  checkSpace(check, "a watch ends with its signal", async (space) => {
    const controller = new AbortController();
    const stream = space.watch({ signal: controller.signal });
    const commits = take(stream, 2);
    await space.set("a", "1");
    controller.abort(new Error("enough"));
    await assertFails(() => commits, { name: "Error", message: "enough" });
  });

  checkSpace(check, "a watch ends with its store", async (space, { close }) => {
    const waiting = take(space.watch(), 99);
    const idle = space.watch();
    await space.set("a", "1");
    await new Promise((resolve) => setTimeout(resolve, 5));
    await close();
    assertEquals((await waiting).map(show), ["a=1"]);
    await take(idle, 99);
  });
}
