/**
 * Whole stores on the command line: what they are like, keeping them in order, copies
 * and rows.
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { Store } from "@sett/badger";
import { tempDir } from "../support/temp.ts";
import { badger, done, json } from "./support.ts";

/** A store of two segments: the first one half dead, the second with a bucket. */
async function makeStore(path: string): Promise<void> {
  await using store = await Store.open({
    path,
    valueLogMaxEntries: 100,
    valueLogGcEnabled: false,
  });
  for (let i = 0; i < 50; i++) await store.set(`key${i}`, "old");
  for (let i = 0; i < 50; i++) await store.set(`key${i}`, `new${i}`);
  await store.bucket("users").set("ada", "x".repeat(500), { expireIn: 1e6 });
  await store.batch().set("one", "1").delete("key0").commit();
}

Deno.test("cli: stats, top and info tell what there is", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/store`;
  await makeStore(path);
  const stats = await json(path, ["stats"]);
  assertEquals([stats.keys, stats.records, stats.segments, stats.encrypted], [
    51,
    103,
    2,
    false,
  ]);
  assertMatch(await done(path, ["stats"]), /^keys\t51$/m);
  assertEquals(await json(path, ["top", "1"]), [
    { bucket: "users", key: "ada", valueBytes: 500 },
  ]);
  assertMatch(await done(path, ["top", "2"]), /^users\tada\t500$/m);

  const info = await json(path, ["info"]);
  const [first, second] = info.segments;
  assertEquals([first.state, second.state], ["sealed", "active"]);
  assertEquals(first.records, 100);
  assert(first.discardRatio > 0.45 && first.discardRatio < 0.55);
  assertEquals(first.deadBytes + first.liveBytes, first.bytes - 64);
  assertEquals([first.hint.state, second.hint.state], ["whole", "whole"]);
  assert(
    info.otherFiles.some(({ name }: { name: string }) =>
      name === "index.snapshot"
    ),
  );
  assertMatch(await done(path, ["info"]), /^2\tactive\t.*\twhole$/m);
});

Deno.test("cli: dump prints each record and whether it is live", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/store`;
  await makeStore(path);
  const rows = (await done(path, ["dump", "--json"])).trim().split("\n")
    .map((line) => JSON.parse(line));
  assertEquals(rows.length, 103);
  assertEquals(rows.slice(0, 50).every(({ state }) => state === "dead"), true);
  const last = rows.slice(-3);
  assertEquals(last.map(({ kind }) => kind), ["put", "put", "tombstone"]);
  assertEquals(last.map(({ state }) => state), ["live", "live", "live"]);
  assertEquals(last.map(({ batch }) => batch), ["no", "member", "end"]);
  assertEquals([last[0].bucket, last[0].key, last[0].valueBytes], [
    "users",
    "ada",
    500,
  ]);
  assert(last[0].expiresAt > Date.now());
  const lines = (await done(path, ["dump", "2", "--limit", "1"])).split("\n");
  assertMatch(lines[0]!, /^segment\toffset\tbytes\tkind\tstate/);
  assertMatch(
    lines[1]!,
    /^2\t64\t\d+\tput\tlive\t\d+\tusers\tada\t500\texpires/,
  );
  assertEquals((await done(path, ["dump", "--dead"])).split("\n").length, 53);
  const unknown = await badger(["dump", "9", "-p", path]);
  assertEquals(unknown.code, 2);
  assertStringIncludes(unknown.err, "there are 1, 2");
});

Deno.test("cli: gc rewrites what has many dead bytes", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/store`;
  await makeStore(path);
  assertEquals(
    (await json(path, ["gc", "--ratio", "0.9"])).segmentsRewritten,
    0,
  );
  assertMatch(
    await done(path, ["gc", "--ratio", "0.3"]),
    /^segments rewritten\t1$/m,
  );
  assertEquals((await json(path, ["stats"])).keys, 51);
  assertEquals((await badger(["gc", "--ratio", "2", "-p", path])).code, 2);
});

Deno.test("cli: damage is found, dumped, and what is sound is salvaged", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/store`;
  await makeStore(path);
  assertMatch(await done(path, ["verify"]), /^sound: 51 keys/m);
  const file = `${path}/0000000001.vlog`;
  const bytes = await Deno.readFile(file);
  bytes[bytes.length - 5]! ^= 1;
  await Deno.writeFile(file, bytes);
  for (const name of ["index.snapshot", "0000000001.hint"]) {
    await Deno.remove(`${path}/${name}`);
  }

  const verified = await badger(["verify", "-p", path]);
  assertEquals(verified.code, 5);
  assertMatch(verified.out, /vlog\toffset \d+\t\d+ bytes\t.*checksum/);
  assertMatch(verified.out, /^damaged: 51 keys/m);
  const dumped = await badger(["dump", "1", "-p", path]);
  assertEquals(dumped.code, 5);
  assertMatch(dumped.out, /\tlost\tdead\t.*checksum does not match$/m);
  assertMatch(dumped.out, /\tput\tunknown\t/);
  const info = await badger(["info", "-p", path]);
  assertEquals(info.code, 5);
  assertMatch(info.out, /^1\tsealed\t.*\t\?\t.*\tnone$/m);
  const read = await badger(["get", "key1", "-p", path]);
  assertEquals([read.code, read.out], [5, ""]);
  assertMatch(read.err, /^badger: .*"badger salvage" copies the rest\n$/);

  const target = `${directory.path}/salvaged`;
  const salvaged = await badger(["salvage", target, "-p", path, "--json"]);
  assertEquals(salvaged.code, 5);
  const report = JSON.parse(salvaged.out);
  assertEquals([report.keys, report.lost.length], [51, 1]);
  assertEquals(await done(target, ["get", "key48"]), "new48");
  // What the lost record had replaced comes back.
  assertEquals(await done(target, ["get", "key49"]), "old");
});

Deno.test("cli: backups, incremental ones too, restore to a new store", async () => {
  await using directory = tempDir();
  const { path: root } = directory;
  const path = `${root}/store`;
  const copy = `${root}/copy`;
  await makeStore(path);
  const full = await json(path, ["backup", `${root}/full`]);
  assertEquals([full.entries, full.deletes], [51, 0]);
  await done(path, ["set", "later", "1"]);
  const args = ["backup", `${root}/next`, "--since", full.versionstamp];
  assertMatch(await done(path, args), /^keys\t1$/m);
  await done(copy, ["restore", `${root}/full`, `${root}/next`]);
  assertEquals(await done(copy, ["list"]), await done(path, ["list"]));

  const refused = await badger(["restore", `${root}/full`, "-p", copy]);
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.err, "--force");
  await done(copy, ["restore", `${root}/full`, "--force"]);
  assertEquals((await badger(["has", "later", "-p", copy])).code, 1);

  const { bytes } = await badger(["backup", "-", "-p", path]);
  await done(`${root}/piped`, ["restore", "-"], { stdin: bytes });
  assertEquals(await done(`${root}/piped`, ["get", "later"]), "1");
  bytes[bytes.length >> 1]! ^= 1;
  const damaged = await badger(["restore", "-", "-p", `${root}/none`], {
    stdin: bytes,
  });
  assertEquals(damaged.code, 5);
  const wrong = ["backup", `${root}/no`, "--since", "zz", "-p", path];
  assertEquals((await badger(wrong)).code, 2);
  const names = [...Deno.readDirSync(root)].map(({ name }) => name).sort();
  assertEquals(names, ["copy", "full", "next", "none", "piped", "store"]);

  await done(path, ["checkpoint", `${root}/twin`]);
  assertEquals(
    await done(`${root}/twin`, ["count"]),
    await done(path, ["count"]),
  );
});

Deno.test("cli: what was restored is told though the next backup fails", async () => {
  await using directory = tempDir();
  const path = `${directory.path}/store`;
  await makeStore(path);
  const file = `${directory.path}/backup`;
  await done(path, ["backup", file]);
  const target = `${directory.path}/restored`;
  const { code, out } = await badger(
    ["restore", file, `${directory.path}/none`, "--path", target],
  );
  assertEquals(code, 3);
  assertMatch(out, /^keys\t51$/m);
  assertEquals((await json(target, ["stats"])).keys, 51);
});

Deno.test("cli: rows go out and in, as NDJSON and as CBOR", async () => {
  await using directory = tempDir();
  const { path: root } = directory;
  const path = `${root}/store`;
  await makeStore(path);
  for (const name of ["rows.ndjson", "rows.cbor"]) {
    const file = `${root}/${name}`;
    assertMatch(await done(path, ["export", file]), /^50 rows, /);
    const copy = `${root}/${name}-copy`;
    assertMatch(await done(copy, ["import", file]), /^50 rows, /);
    assertEquals(await done(copy, ["list"]), await done(path, ["list"]));
  }
  assertEquals(
    await done(path, ["export", "--start", "key1", "--end", "key11"]),
    `{"key":"key1","value":"new1"}\n{"key":"key10","value":"new10"}\n`,
  );
  const users = await done(path, ["export", "--bucket", "users"]);
  await done(`${root}/users`, ["import", "-b", "people"], { stdin: users });
  assertEquals(await done(`${root}/users`, ["count", "-b", "people"]), "1\n");
  const wrong = await badger(["import", "-p", `${root}/users`], {
    stdin: `{"key":"a","value":"1"}\n{"key":1}\n`,
  });
  assertEquals(wrong.code, 2);
  assertMatch(wrong.err, /^badger: Cannot import rows: line 2, .*\n$/);
  assertEquals(await done(`${root}/users`, ["get", "a"]), "1");
  const nowhere = await badger(["export", `${root}/no/file`, "-p", path]);
  assertEquals(nowhere.code, 3);
  assertMatch(nowhere.err, /^badger: Cannot open .*no\/file\.part: .*\n$/);
});

Deno.test("cli: bench measures and leaves nothing behind", async () => {
  await using directory = tempDir();
  const args = ["bench", "--keys", "2500", "--value-size", "10", "--directory"];
  const { code, out } = await badger([...args, directory.path, "--json"]);
  assertEquals(code, 0);
  const { keys, phases } = JSON.parse(out);
  assertEquals(keys, 2500);
  assertEquals(phases.map(({ name }: { name: string }) => name), [
    "fill",
    "get",
    "overwrite",
  ]);
  assertEquals([...Deno.readDirSync(directory.path)], []);
  const shown = await badger([...args, directory.path, "--sync"]);
  assertMatch(shown.out, /^A quick measure, one run: 2,500 keys/);
});

Deno.test("cli: plan says what a store will take", async () => {
  const { code, out } = await badger(
    ["plan", "--keys", "1000000", "--value-size", "100"],
  );
  assertEquals(code, 0);
  assertMatch(out, /^ {2}keys +1,000,000$/m);
  const asked = [
    "--update-rate",
    "0.5",
    "--discard-ratio",
    "0.25",
    "--expiring",
  ];
  const planned = await badger(
    ["plan", "--keys", "1000", "--value-size", "100", ...asked, "--json"],
  );
  const { load, disk, writes } = JSON.parse(planned.out);
  assertEquals(load.updateRate, 0.5);
  assertEquals(disk.live, 1000 * (20 + 8 + 16 + 100));
  assertEquals(writes.writeAmplification, 4);
  for (
    const wrong of [
      ["plan", "--keys", "1"],
      ["plan", "--keys", "1", "--value-size", "1", "--discard-ratio", "2"],
      ["plan", "--keys", "1", "--value-size", "1", "--update-rate", "some"],
    ]
  ) {
    const refused = await badger(wrong);
    assertEquals([refused.code, refused.out], [2, ""], refused.err);
  }
});
