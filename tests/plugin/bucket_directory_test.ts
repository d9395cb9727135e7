/**
 * Bucket names as directory names: one to one, inside the data directory, on any
 * file system.
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
} from "@std/assert";
import * as fc from "fast-check";
import { NodeFileSystem } from "../../src/fs/node_file_system.ts";
import {
  bucketDirectoryName,
  createBucketDirectory,
  isBucketDirectoryName,
  listBuckets,
} from "../../src/plugin/bucket_directory.ts";
import { tempDir } from "../support/temp.ts";

const LONG = "a/very long name ".repeat(20);

const NAMES = [
  "",
  ".",
  "..",
  "../../etc/passwd",
  "/",
  "/absolute",
  "C:\\windows",
  "con",
  "CON",
  "nul.txt",
  "orders",
  "Orders",
  "ORDERS",
  "orders.",
  "orders ",
  " orders",
  "orders%20",
  "%6f",
  "o",
  "a,b",
  "a:b",
  "a\0b",
  "a\nb",
  "~",
  "bucket-",
  "x.name",
  "LOCK",
  "0000000001.vlog",
  "é", // composed
  "é", // decomposed: the same to a file system that normalises
  "日本語",
  "😀",
  "\ufeffbom",
  LONG,
  LONG + "!",
  LONG.toUpperCase(),
];

Deno.test("bucket directories: every name is escaped as documented", () => {
  assertEquals(
    ["orders", "Orders", "../x", "", "é"].map(bucketDirectoryName),
    [
      "bucket-orders",
      "bucket-%4frders",
      "bucket-%2e%2e%2fx",
      "bucket-",
      "bucket-%c3%a9",
    ],
  );
  assertMatch(
    bucketDirectoryName(LONG),
    /^bucket-a%2fvery%20long%20name%20a%2fvery%20long~[0-9a-f]{64}$/,
  );
});

Deno.test("bucket directories: no two names meet, on any file system", () => {
  const folded = NAMES.map((name) =>
    bucketDirectoryName(name).toLowerCase().normalize("NFC")
  );
  assertEquals(new Set(folded).size, new Set(NAMES).size);
});

Deno.test("bucket directories: any name is a plain short name that cannot leave", () => {
  fc.assert(fc.property(
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 200 }),
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.constantFrom(...NAMES),
    ),
    (name) => {
      const directory = bucketDirectoryName(name);
      assertMatch(directory, /^bucket-[a-z0-9_%~-]*$/);
      assert(directory.length <= 130);
      assert(isBucketDirectoryName(directory));
    },
  ));
});

Deno.test("bucket directories: names come back as they were", async () => {
  await using directory = tempDir();
  const files = new NodeFileSystem();
  for (const name of NAMES) createBucketDirectory(files, directory.path, name);
  for (const name of NAMES) createBucketDirectory(files, directory.path, name);
  assertEquals(listBuckets(files, directory.path), [...new Set(NAMES)].sort());
  assertEquals(
    [...Deno.readDirSync(directory.path)].filter((entry) => entry.isDirectory)
      .length,
    new Set(NAMES).size,
  );
});

Deno.test("bucket directories: what is not exactly ours is left alone", async () => {
  await using directory = tempDir();
  const foreign = [
    "bucket-%61", // how we would never write "a"
    "bucket-A",
    "bucket-%4F",
    "bucket-%ff", // not UTF-8
    "bucket-a.name",
    "Bucket-a",
    "bucket",
    "LOCK",
    `bucket-${"x".repeat(40)}~${"0".repeat(64)}`, // its name file is missing
    `bucket-${"x".repeat(130)}`,
  ];
  for (const name of foreign) Deno.mkdirSync(`${directory.path}/${name}`);
  assertEquals(listBuckets(new NodeFileSystem(), directory.path), []);
});

Deno.test("bucket directories: a crash while the name was written does no harm", async () => {
  await using directory = tempDir();
  const files = new NodeFileSystem();
  const file = `${directory.path}/${bucketDirectoryName(LONG)}.name.tmp`;
  Deno.writeTextFileSync(file, "a/ve");
  assertEquals(listBuckets(files, directory.path), []);
  createBucketDirectory(files, directory.path, LONG);
  assertEquals(listBuckets(files, directory.path), [LONG]);
  assertNotEquals(bucketDirectoryName(LONG), bucketDirectoryName(LONG + "x"));
});
