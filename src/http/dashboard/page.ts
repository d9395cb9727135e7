/**
 * The page: its parts put together once, with the hashes that let them run under a
 * policy that forbids everything else.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { CHARTS_SCRIPT } from "./charts_script.ts";
import { FORMAT_SCRIPT } from "./format_script.ts";
import { LIVE_SCRIPT } from "./live_script.ts";
import { MARKUP } from "./markup.ts";
import { PANELS_SCRIPT } from "./panels_script.ts";
import { SERVERS_SCRIPT } from "./servers_script.ts";
import { STYLE } from "./style.ts";

/** All of the page's code: one function scope, so that nothing is global. */
export const SCRIPT: string = [
  '"use strict";\n(() => {',
  FORMAT_SCRIPT,
  CHARTS_SCRIPT,
  PANELS_SCRIPT,
  SERVERS_SCRIPT,
  LIVE_SCRIPT,
  "})();\n",
].join("\n");

/** The source expression of the script in the policy. */
export const SCRIPT_HASH: string = hash(SCRIPT);
/** The source expression of the style sheet in the policy. */
export const STYLE_HASH: string = hash(STYLE);

/** The document. */
export const PAGE: string = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Badger</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
${MARKUP}
<script>${SCRIPT}</script>
</body>
</html>
`;

function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
