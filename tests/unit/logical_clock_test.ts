/** The clock of expiries: it never goes back. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { LogicalClock } from "../../src/engine/logical_clock.ts";
import { FixedHost, START_TIME } from "../support/fixed_host.ts";

Deno.test("logical clock: shows the machine's time", () => {
  const host = new FixedHost();
  const clock = new LogicalClock(host, 0);
  assertEquals(clock.now(), host.time);
  host.time += 5000;
  assertEquals(clock.now(), host.time);
});

Deno.test("logical clock: starts at the floor where the machine is behind", async () => {
  const host = new FixedHost();
  const floor = host.time + 60_000;
  const clock = new LogicalClock(host, floor);
  assertEquals(clock.now(), floor);
  await host.advance(10);
  assertEquals(clock.now(), floor + 10);
});

Deno.test("logical clock: where the machine's is set back, durations go on", async () => {
  const host = new FixedHost();
  const clock = new LogicalClock(host, 0);
  const start = clock.now();
  host.time -= 3_600_000;
  assertEquals(clock.now(), start);
  await host.advance(250);
  assertEquals(clock.now(), start + 250);
});

Deno.test("logical clock: where the machine's is set right again, no time is counted twice", async () => {
  const host = new FixedHost();
  const clock = new LogicalClock(host, 0);
  for (let i = 0; i < 100; i++) {
    host.time -= 60_000;
    assertEquals(clock.now() >= START_TIME, true);
    await host.advance(10);
    clock.now();
    host.time += 60_000;
    assertEquals(clock.now(), START_TIME + (i + 1) * 10);
  }
});

Deno.test("logical clock: never goes back, never falls behind the machine's", () => {
  const moves = fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 }));
  fc.assert(fc.property(moves, fc.nat(), (steps, floor) => {
    const host = new FixedHost(undefined, 10_000_000);
    const clock = new LogicalClock(host, floor);
    let previous = clock.now();
    for (const step of steps) {
      host.time += step;
      const now = clock.now();
      assertEquals(now >= previous && now >= host.time, true);
      previous = now;
    }
  }));
});
