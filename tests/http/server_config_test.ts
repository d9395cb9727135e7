/**
 * The settings of a server: YAML, environment, and errors that say where.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../src/plugin/config_error.ts";
import {
  loadServerConfig,
  type ServerSettings,
} from "../../src/server/config.ts";
import { tempDir } from "../support/temp.ts";

async function load(
  yaml: string,
  variables: Record<string, string> = {},
): Promise<ServerSettings> {
  await using directory = tempDir();
  const file = `${directory.path}/badger.yml`;
  await Deno.writeTextFile(file, yaml);
  return loadServerConfig(file, (name) => variables[name]);
}

async function refuse(
  yaml: string,
  variables: Record<string, string> = {},
): Promise<string> {
  await using directory = tempDir();
  const file = `${directory.path}/badger.yml`;
  await Deno.writeTextFile(file, yaml);
  const { message } = assertThrows(
    () => loadServerConfig(file, (name) => variables[name]),
    ConfigError,
  );
  return message;
}

Deno.test("server config: without a section it is the loopback, with writes", async () => {
  for (const yaml of ["", "badger:\n  path: ./x\n", "server:\n"]) {
    const { badger: _, ...server } = await load(yaml);
    assertEquals(server, {
      host: "127.0.0.1",
      port: 8321,
      auth: undefined,
      bodyBytesMax: 16_777_216,
      readOnly: false,
    });
  }
});

Deno.test("server config: both sections are read, and the environment wins", async () => {
  const yaml = `
badger:
  path: ./somewhere
server:
  host: 0.0.0.0
  port: 9000
  body_size_max: 1000
  read_only: true
  auth:
    bearer: [token-1, token-2]
    basic: { ada: lovelace }
`;
  const { badger, ...server } = await load(yaml);
  assertEquals(badger.path, "./somewhere");
  assertEquals(server, {
    host: "0.0.0.0",
    port: 9000,
    auth: { bearer: ["token-1", "token-2"], basic: { ada: "lovelace" } },
    bodyBytesMax: 1000,
    readOnly: true,
  });
  const over = await load(yaml, {
    BADGER_SERVER_HOST: "::1",
    BADGER_SERVER_PORT: "0",
    BADGER_SERVER_BEARER: "token-3, token-4",
    BADGER_SERVER_BASIC: "grace:hop:per",
  });
  assertEquals([over.host, over.port], ["::1", 0]);
  assertEquals(over.auth, {
    bearer: ["token-3", "token-4"],
    basic: { grace: "hop:per" },
  });
});

Deno.test("server config: what is wrong is named with its place", async () => {
  const wrong: [yaml: string, words: string[]][] = [
    ["server:\n  prot: 1\n", ['unknown key "prot"', '"port"', ":2:3"]],
    ["sever:\n  port: 1\n", ['"sever"', '"server"']],
    ["server:\n  auth:\n    baerer: [x]\n", ['"baerer"', '"bearer"', ":3:5"]],
    ["server:\n  zzzzzz: 1\n", ["known are host, port, auth"]],
    ["server: 5\n", ["server must be a map"]],
    ["server:\n  port: 70000\n", ["port must be an integer from 0 to 65535"]],
    ["server:\n  port: '1'\n", ["port must be"]],
    ["server:\n  host: [a]\n", ["host must be text"]],
    ["server:\n  read_only: 1\n", ["read_only must be true or false"]],
    ["server:\n  body_size_max: 0\n", ["body_size_max must be"]],
    ["server:\n  auth:\n    bearer: []\n", ["bearer must be a list"]],
    ["server:\n  auth:\n    basic: {}\n", ["basic must be a map"]],
  ];
  for (const [yaml, words] of wrong) {
    const message = await refuse(yaml);
    const missing = words.filter((word) => !message.includes(word));
    assertEquals(missing, [], message);
  }
});

Deno.test("server config: an error tells no secret", async () => {
  const secret = "dark secret";
  const messages = [
    await refuse(`server:\n  auth:\n    bearer: ["${secret}"]\n`),
    await refuse(`server:\n  auth:\n    bearer: ${secret}\n`),
    await refuse(`server:\n  auth:\n    basic: ${secret}\n`),
    await refuse(`server:\n  auth:\n    basic: { "a:b": ${secret} }\n`),
    await refuse("", { BADGER_SERVER_BEARER: secret }),
    await refuse("", { BADGER_SERVER_BASIC: secret }),
  ];
  for (const message of messages) {
    assert(!message.includes(secret), message);
  }
});

Deno.test("server config: authentication with nobody in it is an error", async () => {
  for (const auth of ["", " {}", " null", " false"]) {
    const message = await refuse(`server:\n  auth:${auth}\n`);
    assert(message.includes("auth must be a map"), message);
  }
});
