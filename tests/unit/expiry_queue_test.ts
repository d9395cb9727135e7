/** The expiry queue against a sorted array. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ExpiryQueue } from "../../src/engine/expiry_queue.ts";

type Command =
  | { kind: "add"; time: number; pointer: number }
  | { kind: "drop" }
  | { kind: "keep"; divisor: number };

const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      time: fc.integer({ min: 1, max: 40 }).map((time) => time * 2 ** 40),
      pointer: fc.integer({ min: 1, max: 0xffff_ffff }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("drop" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("keep" as const),
      divisor: fc.integer({ min: 1, max: 4 }),
    }),
  },
);

function drain(queue: ExpiryQueue): string[] {
  const places: string[] = [];
  while (queue.size > 0) {
    places.push(`${queue.nextTime} ${queue.nextPointer}`);
    queue.drop();
  }
  return places;
}

Deno.test("expiry queue: gives places in the order of their times", () => {
  const commands = fc.array(anyCommand, { maxLength: 300 });
  fc.assert(fc.property(commands, (steps) => {
    const queue = new ExpiryQueue();
    let model: { time: number; pointer: number }[] = [];
    for (const step of steps) {
      if (step.kind === "add") {
        queue.add(step.time, step.pointer);
        model.push(step);
        model.sort((a, b) => a.time - b.time);
      } else if (step.kind === "drop") {
        if (model.length === 0) continue;
        // Of equal times any may come first.
        const { nextTime, nextPointer } = queue;
        const at = model.findIndex(({ time, pointer }) =>
          time === nextTime && pointer === nextPointer
        );
        assertEquals(model[at]?.time, model[0]!.time);
        model.splice(at, 1);
        queue.drop();
      } else {
        const isKept = (time: number, pointer: number) =>
          (time + pointer) % step.divisor === 0;
        const asked: string[] = [];
        const places = model.map(({ time, pointer }) => `${time} ${pointer}`);
        queue.keep((time, pointer) => {
          asked.push(`${time} ${pointer}`);
          return isKept(time, pointer);
        });
        assertEquals(asked.toSorted(), places.toSorted());
        model = model.filter(({ time, pointer }) => isKept(time, pointer));
      }
      assertEquals(queue.size, model.length);
      assertEquals(queue.nextTime, model[0]?.time ?? Infinity);
    }
    assertEquals(
      drain(queue).toSorted(),
      model.map(({ time, pointer }) => `${time} ${pointer}`).toSorted(),
    );
  }));
});

Deno.test("expiry queue: a hundred thousand places come out sorted", () => {
  const queue = new ExpiryQueue();
  for (let i = 0; i < 100_000; i++) queue.add((i * 48_271) % 65_537, i);
  let previous = -1;
  for (let i = 0; i < 100_000; i++) {
    if (queue.nextTime < previous) throw new Error("out of order");
    previous = queue.nextTime;
    queue.drop();
  }
  assertEquals(queue.size, 0);
  assertEquals(queue.nextTime, Infinity);
});
