/** Both file systems do what the seam says, alike. */
import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { isNotFound, StoreError } from "../../src/errors.ts";
import {
  type FileSystem,
  joinPath,
  readFile,
  readFully,
  removeIfPresent,
  writeFully,
} from "../../src/fs/file_system.ts";
import { MemoryFileSystem } from "../../src/fs/memory_file_system.ts";
import { NodeFileSystem } from "../../src/fs/node_file_system.ts";
import { tempDir } from "../support/temp.ts";

const BLOCK = 65_536;

type Check = (files: FileSystem, directory: string) => void | Promise<void>;

/** Runs a check on the disk and in memory. */
function both(name: string, check: Check): void {
  Deno.test(`disk: ${name}`, async () => {
    await using directory = tempDir();
    await check(new NodeFileSystem(), directory.path);
  });
  Deno.test(`memory: ${name}`, async () => {
    const files = new MemoryFileSystem();
    files.createDirectory("/memory");
    await check(files, "/memory");
  });
}

/** Bytes that tell their place. */
function pattern(length: number, start = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (start + i) * 31);
}

function write(files: FileSystem, path: string, bytes: Uint8Array): void {
  const file = files.open(path, "create");
  writeFully(file, bytes, 0, bytes.length, 0);
  file.close();
}

both(
  "what was written is read back, from and to any place",
  (files, directory) => {
    const path = joinPath(directory, "file");
    write(files, path, pattern(3 * BLOCK + 17));
    const file = files.open(path, "write");
    const middle = pattern(BLOCK, 5);
    writeFully(file, middle, 100, 1000, BLOCK - 500);
    const target = new Uint8Array(1200);
    assertEquals(readFully(file, target, 100, 1000, BLOCK - 500), 1000);
    assertEquals(target.slice(100, 1100), middle.slice(100, 1100));
    assertEquals([target[99], target[1100]], [0, 0]);
    file.close();
    const expected = pattern(3 * BLOCK + 17);
    expected.set(middle.subarray(100, 1100), BLOCK - 500);
    assertEquals(readFile(files, path), expected);
  },
);

both("a file read to its end, and beyond it", async (files, directory) => {
  const path = joinPath(directory, "file");
  write(files, path, pattern(10));
  const file = files.open(path, "read");
  const target = new Uint8Array(20);
  assertEquals(readFully(file, target, 0, 20, 4), 6);
  assertEquals(file.read(target, 0, 20, 10), 0);
  assertEquals(file.read(target, 0, 20, 99), 0);
  assertEquals(await file.readAsync(target, 3, 4, 2), 4);
  assertEquals(target.slice(3, 7), pattern(4, 2));
  assertEquals(await file.readAsync(target, 0, 4, 10), 0);
  file.close();
});

both("a file grows where it is written", (files, directory) => {
  const file = files.open(joinPath(directory, "file"), "create");
  assertEquals(file.size(), 0);
  for (let i = 0; i < 10; i++) {
    writeFully(file, pattern(10_000), 0, 10_000, i * 10_000);
    assertEquals(file.size(), (i + 1) * 10_000);
  }
  file.close();
});

both(
  "a file is cut, and what comes after is what is written next",
  (files, directory) => {
    const path = joinPath(directory, "file");
    for (const length of [0, 1, 5000, BLOCK, BLOCK + 1, 2 * BLOCK - 1]) {
      removeIfPresent(files, path);
      write(files, path, pattern(2 * BLOCK));
      const file = files.open(path, "write");
      file.truncate(length);
      assertEquals(file.size(), length);
      writeFully(file, Uint8Array.of(7), 0, 1, length + 2);
      file.close();
      const expected = new Uint8Array(length + 3);
      expected.set(pattern(length));
      expected[length + 2] = 7;
      assertEquals(readFile(files, path), expected);
    }
  },
);

both("a name is made once", (files, directory) => {
  const path = joinPath(directory, "file");
  write(files, path, pattern(3));
  assertThrows(() => files.open(path, "create"), StoreError, path);
  assertEquals(readFile(files, path), pattern(3));
});

both("what is not there is told so", (files, directory) => {
  const path = joinPath(directory, "nothing");
  const actions = [
    () => files.open(path, "read"),
    () => files.open(path, "write"),
    () => files.remove(path),
    () => files.rename(path, path + "2"),
  ];
  for (const action of actions) {
    const error = assertThrows(action, StoreError);
    assertEquals(error.path, path);
    assertEquals(isNotFound(error.cause), true);
  }
  removeIfPresent(files, path);
});

both(
  "names are listed, made, renamed over others and removed",
  (files, directory) => {
    const list = () => files.list(directory).toSorted();
    assertEquals(list(), []);
    for (const name of ["a", "b", "c"]) {
      write(files, joinPath(directory, name), new TextEncoder().encode(name));
    }
    files.rename(joinPath(directory, "a"), joinPath(directory, "b"));
    files.syncDirectory(directory);
    assertEquals(list(), ["b", "c"]);
    assertEquals([...readFile(files, joinPath(directory, "b"))], [0x61]);
    files.remove(joinPath(directory, "b"));
    assertEquals(list(), ["c"]);
  },
);

both(
  "a removed file is read on by those who have it open",
  async (files, directory) => {
    const path = joinPath(directory, "file");
    write(files, path, pattern(100));
    const file = files.open(path, "read");
    files.remove(path);
    write(files, path, pattern(100, 50));
    const target = new Uint8Array(100);
    assertEquals(readFully(file, target, 0, 100, 0), 100);
    assertEquals(target, pattern(100));
    assertEquals(await file.readAsync(target, 0, 10, 90), 10);
    file.close();
  },
);

both(
  "sync and close, the latter as often as one likes",
  async (files, directory) => {
    const file = files.open(joinPath(directory, "file"), "create");
    writeFully(file, pattern(5), 0, 5, 0);
    file.sync();
    await file.syncAsync();
    file.close();
    file.close();
  },
);

both("a directory has one holder at a time", (files, directory) => {
  const lock = files.lock(directory);
  const error = assertThrows(() => files.lock(directory), StoreError);
  assertEquals(error.code, "LOCKED");
  lock.release();
  const second = files.lock(directory);
  lock.release();
  assertThrows(() => files.lock(directory), StoreError);
  second.release();
});

Deno.test("disk: directories are made with their parents, once or more often", async () => {
  await using directory = tempDir();
  const files = new NodeFileSystem();
  const path = joinPath(directory.path, "a/b/c");
  files.createDirectory(path);
  files.createDirectory(path);
  assertEquals(files.list(path), []);
  write(files, joinPath(directory.path, "file"), pattern(1));
  const error = assertThrows(
    () => files.createDirectory(joinPath(directory.path, "file")),
    StoreError,
  );
  assertEquals(error.code, "BAD_PATH");
  assertEquals(
    assertThrows(
      () => files.createDirectory(joinPath(directory.path, "file/below")),
      StoreError,
    ).code,
    "BAD_PATH",
  );
});

Deno.test("disk: a path that may not be touched is a PERMISSION error", () => {
  const files = new NodeFileSystem();
  const error = assertThrows(() => files.list("../outside"), StoreError);
  assertEquals(error.code, "PERMISSION");
  assertEquals(
    assertThrows(() => files.createDirectory("./denied"), StoreError).code,
    "PERMISSION",
  );
});

Deno.test("disk: a closed file is no longer read", async () => {
  await using directory = tempDir();
  const files = new NodeFileSystem();
  const file = files.open(joinPath(directory.path, "file"), "create");
  file.close();
  assertThrows(() => file.size(), StoreError);
});

Deno.test("paths are joined with one slash", () => {
  assertEquals(joinPath("a", "b"), "a/b");
  assertEquals(joinPath("a/", "b"), "a/b");
  assertNotEquals(joinPath("/", "b"), "//b");
});

Deno.test("disk: a retired file has lost its name, and is read by all who have it open", async () => {
  await using directory = tempDir();
  const files = new NodeFileSystem();
  const path = joinPath(directory.path, "file");
  const other = joinPath(directory.path, "other name");
  write(files, path, pattern(5 * BLOCK));
  const file = files.open(path, "write");
  const reader = files.open(path, "read");
  Deno.linkSync(path, other);
  file.retire!(`${path}.tmp`);
  assertThrows(() => files.open(path, "read"), StoreError, "Cannot open");
  assertEquals(file.size(), 5 * BLOCK);
  file.close();
  file.close();
  assertThrows(() => file.size(), StoreError);
  while (files.list(directory.path).includes("file.tmp")) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const bytes = new Uint8Array(5 * BLOCK);
  assertEquals(reader.read(bytes, 0, bytes.length, 0), 5 * BLOCK);
  assertEquals(bytes, pattern(5 * BLOCK));
  reader.close();
  assertEquals(readFile(files, other), pattern(5 * BLOCK));
});
