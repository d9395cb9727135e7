#!/usr/bin/env node
/**
 * The `badger` command: looks into a store, changes it, copies it and mends it.
 *
 * This module is a program: importing it runs the command line of the process.
 *
 * ```sh
 * deno run -A jsr:@sett/badger/cli --help
 * npx @sett/badger --help
 * ```
 *
 * @module
 */

import process from "node:process";
import { systemSurroundings } from "./surroundings.ts";
import { run } from "./program.ts";

// Input that was not read to its end would keep the process waiting.
process.exit(await run(process.argv.slice(2), systemSurroundings()));
