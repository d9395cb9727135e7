/**
 * Watching over HTTP: server-sent events.
 */
import { assertEquals } from "@std/assert";
import { type Json, refusal, serveStore } from "./kv_support.ts";

interface Event {
  event: string;
  id?: string;
  data: Json;
}

/** The events of an answer, one by one; leaving the loop goes away. */
async function* eventsOf(response: Response): AsyncGenerator<Event> {
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  let text = "";
  for await (
    const piece of response.body!.pipeThrough(new TextDecoderStream())
  ) {
    text += piece;
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const fields = new Map(
        block.split("\n").map((line) => line.split(": ") as [string, string]),
      );
      const data = block.slice(block.indexOf("data: ") + 6).split("\n")[0]!;
      yield {
        event: fields.get("event")!,
        ...(fields.has("id") ? { id: fields.get("id")! } : {}),
        data: data === "" ? "" : JSON.parse(data),
      };
    }
  }
}

async function next(events: AsyncGenerator<Event>): Promise<Event> {
  const { value, done } = await events.next();
  if (done) throw new Error("The stream has ended");
  return value;
}

Deno.test("watch: commits come as events, and a client that comes back misses none", async () => {
  await using served = await serveStore();
  const { ask, store } = served;
  const bucket = store.bucket("b");
  const events = eventsOf(await ask("b?watch&prefix=a"));
  const open = await next(events);
  assertEquals(open.event, "open");
  await bucket.set("b", "not asked for");
  await bucket.set("a1", "v");
  const { versionstamp } = bucket.getEntry("a1");
  assertEquals(await next(events), {
    event: "commit",
    id: versionstamp!,
    data: { versionstamp, changes: [{ key: "a1", value: "v" }] },
  });
  await events.return(undefined);

  await bucket.delete("a1");
  await bucket.set("a2", new Uint8Array([0xff]));
  const back = eventsOf(
    await ask("b?watch&prefix=a", {
      headers: { "last-event-id": versionstamp! },
    }),
  );
  assertEquals((await next(back)).id, versionstamp);
  assertEquals((await next(back)).data.changes, [{ key: "a1" }]);
  assertEquals((await next(back)).data.changes, [
    { key: "a2", value: { base64: "/w==" } },
  ]);
  await back.return(undefined);
  const query = eventsOf(await ask(`b?watch&since=${versionstamp}`));
  assertEquals((await next(query)).id, versionstamp);
  await query.return(undefined);
});

Deno.test("watch: the server's end is told, and so is the store's", async () => {
  const stop = new AbortController();
  await using served = await serveStore({ signal: stop.signal });
  const events = eventsOf(await served.ask("b?watch"));
  assertEquals((await next(events)).event, "open");
  stop.abort();
  assertEquals((await next(events)).event, "close");
  assertEquals((await events.next()).done, true);

  await using other = await serveStore();
  const others = eventsOf(await other.ask("b?watch"));
  assertEquals((await next(others)).event, "open");
  await other.store.close();
  assertEquals((await next(others)).event, "close");
  assertEquals((await others.next()).done, true);
});

Deno.test("watch: there is a limit to watchers, and who leaves makes room", async () => {
  await using served = await serveStore({ watchersMax: 1 });
  const first = eventsOf(await served.ask("b?watch"));
  await next(first);
  const refused = await served.ask("b?watch");
  assertEquals(await refusal(refused), [503, "TOO_MANY_WATCHERS"]);
  assertEquals((await served.ask("b?watch&since=x")).status, 503);
  await first.return(undefined);
  // What the server does when a client goes away takes a turn or two.
  let again = await served.ask("b?watch");
  for (let tries = 0; again.status === 503 && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve));
    again = await served.ask("b?watch");
  }
  const second = eventsOf(again);
  assertEquals((await next(second)).event, "open");
  await second.return(undefined);
});

Deno.test("watch: a look at the head takes no watcher's place", async () => {
  await using served = await serveStore({ watchersMax: 1 });
  await served.store.bucket("b").set("k", "v");
  for (let i = 0; i < 3; i++) {
    const head = await served.ask("b?watch", { method: "HEAD" });
    assertEquals([head.status, await head.text()], [200, ""]);
    assertEquals(head.headers.get("content-type"), "text/event-stream");
  }
  const events = eventsOf(await served.ask("b?watch"));
  assertEquals((await next(events)).event, "open");
  await events.return(undefined);
});

Deno.test("watch: many watchers are one listener of the signal, which ends them all", async () => {
  const stop = new AbortController();
  let listeners = 0;
  const { signal } = stop;
  const add = signal.addEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  };
  await using served = await serveStore({ signal });
  const watches = [];
  for (let i = 0; i < 12; i++) {
    const events = eventsOf(await served.ask("b?watch"));
    await next(events);
    watches.push(events);
  }
  assertEquals(listeners, 1);
  stop.abort();
  for (const events of watches) {
    assertEquals((await next(events)).event, "close");
    assertEquals((await events.next()).done, true);
  }
});
