/**
 * Completion scripts for shells, made from the commands and their options.
 *
 * @module
 */

import type { Call } from "./call.ts";
import {
  type CommandSpec,
  COMMON_OPTIONS,
  type OptionSpec,
  STORE_OPTIONS,
} from "./command.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

/** The command that prints a completion script; it names the others. */
export function completionsCommand(
  all: () => readonly CommandSpec[],
): CommandSpec {
  return {
    usage: "completions <shell>",
    summary: "print a script that completes commands and options in a shell",
    details: `The shell is ${SHELLS.join(", ")}.`,
    isOnStore: false,
    options: [],
    examples: [
      "completions bash > ~/.local/share/bash-completion/completions/badger",
      "completions zsh > ~/.zfunc/_badger",
      "completions fish > ~/.config/fish/completions/badger.fish",
    ],
    run: (call) => completions(call, all()),
  };
}

async function completions(
  call: Call,
  specs: readonly CommandSpec[],
): Promise<void> {
  const shell = SHELLS.find((name) => name === call.args[0]);
  if (shell === undefined) {
    throw new TypeError(
      `Cannot complete in ${call.args[0]}: the shells are ${SHELLS.join(", ")}`,
    );
  }
  const commands = specs.map((spec) => ({
    name: spec.usage.split(" ")[0]!,
    summary: spec.summary,
    options: [
      ...spec.options,
      ...spec.isOnStore ? STORE_OPTIONS : [],
      ...COMMON_OPTIONS,
    ].map(toWords),
  }));
  await call.output.line(SCRIPTS[shell](commands));
}

/** An option as a shell sees it. */
interface Words {
  short: string | undefined;
  long: string;
  takes: "nothing" | "file" | "directory" | readonly string[] | "text";
  description: string;
}

interface Completed {
  name: string;
  summary: string;
  options: Words[];
}

function toWords({ flags, description, choices }: OptionSpec): Words {
  const long = /--[\w-]+/.exec(flags)![0];
  const short = /^(-\w),/.exec(flags)?.[1];
  const argument = /<(\w+)/.exec(flags)?.[1];
  const takes = choices ??
    (argument === undefined
      ? "nothing"
      : argument === "file" || argument === "directory"
      ? argument
      : "text");
  return { short, long, takes, description };
}

const SCRIPTS: Record<
  typeof SHELLS[number],
  (commands: readonly Completed[]) => string
> = { bash, zsh, fish };

function names({ short, long }: Words): string[] {
  return short === undefined ? [long] : [short, long];
}

function bash(commands: readonly Completed[]): string {
  const all = commands.flatMap(({ options }) => options);
  const taking = (takes: Words["takes"]) =>
    [...new Set(all.filter((one) => one.takes === takes).flatMap(names))]
      .join("|");
  const chosen = all.filter(({ takes }) => Array.isArray(takes));
  const lines = [
    "# Names with blanks in them are one each.",
    "_badger_names() {",
    "  local IFS=$'\\n'",
    '  COMPREPLY=($(compgen "$1" -- "$2"))',
    "}",
    "_badger() {",
    '  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"',
    "  COMPREPLY=()",
    '  case "$before" in',
    `    ${taking("file")}) _badger_names -f "$word"; return ;;`,
    `    ${taking("directory")}) _badger_names -d "$word"; return ;;`,
    ...[...new Map(chosen.map((one) => [one.long, one])).values()].map((one) =>
      `    ${one.long}) COMPREPLY=($(compgen -W "${
        (one.takes as readonly string[]).join(" ")
      }" -- "$word")); return ;;`
    ),
    `    ${taking("text")}) return ;;`,
    "  esac",
    "  if ((COMP_CWORD == 1)); then",
    `    COMPREPLY=($(compgen -W "${
      commands.map(({ name }) => name).join(" ")
    } help" -- "$word"))`,
    "    return",
    "  fi",
    '  if [[ "$word" != -* ]]; then _badger_names -f "$word"; return; fi',
    '  case "${COMP_WORDS[1]}" in',
    ...commands.map(({ name, options }) =>
      `    ${name}) COMPREPLY=($(compgen -W "${
        [...options.flatMap(names), "--help"].join(" ")
      }" -- "$word")) ;;`
    ),
    "  esac",
    "}",
    "complete -o filenames -F _badger badger",
  ];
  return lines.join("\n");
}

/** Text in single quotes. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function zsh(commands: readonly Completed[]): string {
  const clean = (text: string) => text.replace(/[[\]:]/g, " ");
  const action = ({ takes }: Words) => {
    if (takes === "nothing") return "";
    if (takes === "file") return ":file:_files";
    if (takes === "directory") return ":directory:_files -/";
    return takes === "text" ? ":value: " : `:value:(${takes.join(" ")})`;
  };
  const lines = [
    "#compdef badger",
    "_badger() {",
    "  local -a commands",
    "  commands=(",
    ...commands.map(({ name, summary }) =>
      `    ${quote(`${name}:${clean(summary)}`)}`
    ),
    "  )",
    "  if ((CURRENT == 2)); then _describe command commands; return; fi",
    "  local name=$words[2]",
    "  shift words; ((CURRENT--))",
    "  case $name in",
    ...commands.flatMap(({ name, options }) => [
      `    ${name})`,
      "      _arguments \\",
      ...options.flatMap((one) =>
        names(one).map((flag) =>
          `        ${
            quote(`*${flag}[${clean(one.description)}]${action(one)}`)
          } \\`
        )
      ),
      `        ${quote("*:argument:_files")} ;;`,
    ]),
    "  esac",
    "}",
    "# Loaded by the shell itself, or read by a person's own script.",
    'if [[ "$funcstack[1]" == "_badger" ]]; then _badger "$@"',
    "else compdef _badger badger; fi",
  ];
  return lines.join("\n");
}

function fish(commands: readonly Completed[]): string {
  const quoteFish = (text: string) =>
    `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const rest = ({ takes }: Words) => {
    if (takes === "nothing") return "";
    if (takes === "file" || takes === "directory") return " -r -F";
    return takes === "text" ? " -x" : ` -x -a ${quoteFish(takes.join(" "))}`;
  };
  return commands.flatMap(({ name, summary, options }) => [
    `complete -c badger -n __fish_use_subcommand -f -a ${name} -d ${
      quoteFish(summary)
    }`,
    ...options.map((one) =>
      `complete -c badger -n '__fish_seen_subcommand_from ${name}'${
        one.short === undefined ? "" : ` -s ${one.short.slice(1)}`
      } -l ${one.long.slice(2)}${rest(one)} -d ${quoteFish(one.description)}`
    ),
  ]).join("\n");
}
