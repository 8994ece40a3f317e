/**
 * Completions of a tool's command line for bash, zsh and fish, from its table
 * of options.
 *
 * @module
 */

import {
  COMMON_OPTIONS,
  type Option,
  type OptionTable,
} from "../../filters/kit/tool/options.ts";
import type { Tool } from "../../filters/kit/tool/tool.ts";
import { quote } from "../tool_path.ts";

/** What a shell can do for a value: the rest is up to the user. */
type Completion = "files" | "directories" | "nothing" | readonly string[];

/** What the words of the tables stand for. */
const PLACEHOLDERS: Record<string, Completion> = {
  FILE: "files",
  OLD: "files",
  NEW: "files",
  DIR: "directories",
};

/**
 * What completes a value of that name: "FILE" is a placeholder, "2.0" or
 * "sign|verify" is what may be written.
 */
export function completionOf(word: string): Completion {
  if (!/[A-Z]/.test(word)) return word.split("|");
  return PLACEHOLDERS[word] ?? "nothing";
}

/** What stands behind the options of a tool. */
interface Operands {
  /** What the first may be, if it is one of a few. */
  readonly choices: readonly string[];
  /** Whether they are files otherwise. */
  readonly areFiles: boolean;
}

function operandsOf(tool: Tool): Operands {
  const [ours] = tool.operands.split("-- COMMAND");
  const kinds = (ours.match(/[A-Za-z][\w|-]*/g) ?? []).map(completionOf);
  return {
    choices: kinds.find((kind) => Array.isArray(kind)) ?? [],
    areFiles: kinds.includes("files"),
  };
}

/** A tool's options with those that all have; no short ones if it has none. */
export function optionsOf(tool: Tool): [string, Option][] {
  const table: OptionTable = { ...tool.options, ...COMMON_OPTIONS };
  return Object.entries(table).map(([name, option]) => [
    name,
    tool.takesDashes ? { ...option, short: undefined } : option,
  ]);
}

/** The forms of an option: "-o", "--output-to". */
function formsOf(name: string, { short }: Option): string[] {
  return [...(short ? [`-${short}`] : []), `--${name}`];
}

/** The name of a shell's function for a tool. */
function functionName(tool: Tool): string {
  return `_${tool.name.replaceAll("-", "_")}`;
}

const ORIGIN = "made by scripts/docs/completions.ts from the table of options";

/** Completion for bash 4 and later, to be sourced. */
export function bashCompletion(tool: Tool): string {
  const name = functionName(tool);
  return `# Completion of ${tool.name} for bash, ${ORIGIN}.

${name}() {
  local IFS=$' \\t\\n' word=$2 option=$3
  local before=" \${COMP_WORDS[*]:1:COMP_CWORD-1} "
  COMPREPLY=()
${tool.takesCommand ? BASH_COMMAND : ""}${bashValues(tool)}${bashWords(tool)}}

complete -F ${name} ${tool.name}
`;
}

/** Behind "--" what completes the command's own line. */
const BASH_COMMAND = `  local at
  for ((at = 1; at < COMP_CWORD; at++)); do
    [[ \${COMP_WORDS[at]} == -- ]] || continue
    if declare -F _command_offset > /dev/null; then
      _command_offset $((at + 1))
    elif ((at + 1 == COMP_CWORD)); then
      mapfile -t COMPREPLY < <(compgen -c -- "$word")
    else
      compopt -o default
    fi
    return
  done
`;

function bashReply(words: readonly string[]): string {
  return `mapfile -t COMPREPLY < <(compgen -W ${
    quote(words.join(" "))
  } -- "$word")`;
}

/** What completes the values of options. */
function bashValues(tool: Tool): string {
  const patterns: Record<string, string[]> = {};
  const seconds: string[] = [];
  for (const [name, option] of optionsOf(tool)) {
    if (!option.value) continue;
    const completion = completionOf(option.value);
    const action = completion === "files"
      ? "compopt -o default"
      : completion === "directories"
      ? "compopt -o dirnames"
      : completion === "nothing"
      ? ""
      : bashReply(completion);
    (patterns[action] ??= []).push(
      ...(option.bare ? [] : formsOf(name, option)),
      `--${name}=`,
    );
    if (option.pair) {
      seconds.push(
        `  [[ $before == *" --${name} "+([^ ])" " ]] && return\n`,
      );
    }
  }
  const branches = Object.entries(patterns);
  if (branches.length === 0) return "";
  return `  # To bash, "--option=value" is three words.
  if [[ \${COMP_WORDS[COMP_CWORD]} == = ]]; then
    option+==
  elif [[ $option == = ]]; then
    option=\${COMP_WORDS[COMP_CWORD - 2]}=
  fi
  case $option in
${
    branches.map(([action, words]) =>
      `    ${words.join(" | ")})
${action && `      ${action}\n`}      return
      ;;
`
    ).join("")
  }  esac
${seconds.join("")}`;
}

/** What completes other words. */
function bashWords(tool: Tool): string {
  const { choices, areFiles } = operandsOf(tool);
  const options = optionsOf(tool).flatMap(([name, option]) =>
    formsOf(name, option)
  );
  const hasOptions = `$before != *" -- "*`;
  return `  if [[ $word == -* && ${hasOptions} ]]; then
    ${bashReply([...options, ...(tool.takesCommand ? ["--"] : [])])}
${
    choices.length > 0
      ? `  elif [[ ! $before =~ " "(${choices.join("|")})" " ]]; then
    ${bashReply(choices)}
`
      : ""
  }${areFiles ? "  else\n    compopt -o default\n" : ""}  fi
`;
}

/** Completion for zsh, to be put on its fpath as _NAME. */
export function zshCompletion(tool: Tool): string {
  const { choices, areFiles } = operandsOf(tool);
  const specs = [
    ...optionsOf(tool).map(([name, option]) => zshOption(name, option)),
    ...(choices.length > 0 ? [quote(`1:word:(${choices.join(" ")})`)] : []),
    ...(areFiles ? [quote("*:file:_files")] : []),
  ];
  return `#compdef ${tool.name}
# Completion of ${tool.name} for zsh, ${ORIGIN}.

${
    tool.takesCommand
      ? `local at=\${words[(i)--]}
if ((at < CURRENT)); then
  shift $at words
  ((CURRENT -= at))
  _normal
  return
fi

`
      : ""
  }_arguments -s -S : \\
  ${specs.join(" \\\n  ")}
`;
}

/** An option as zsh's \`_arguments\` wants it. */
function zshOption(name: string, option: Option): string {
  const { short, value, bare, pair, list, help } = option;
  const plain = (text: string) => text.replace(/[\\:[\]]/g, "\\$&");
  const actions: Record<string, string> = {
    files: "_files",
    directories: "_files -/",
    nothing: " ",
  };
  const completion = value ? completionOf(value) : [];
  const action = typeof completion === "string"
    ? actions[completion]
    : `(${completion.join(" ")})`;
  const values = value === undefined ? "" : (pair ? value.split(" ") : [value])
    .map((word) => `${bare ? "::" : ":"}${plain(word)}:${action}`).join("");
  const behind = `[${plain(help)}]${values}`;
  const forms = [
    ...(short ? [`-${short}${value ? "+" : ""}`] : []),
    `--${name}${bare ? "=-" : value ? "=" : ""}`,
  ];
  if (forms.length === 1) {
    return quote(`${list ? "*" : ""}${forms[0]}${behind}`);
  }
  const excluded = list ? "*" : `(${formsOf(name, option).join(" ")})`;
  return `${quote(excluded)}{${forms.join(",")}}${quote(behind)}`;
}

/** Completion for fish. */
export function fishCompletion(tool: Tool): string {
  const name = functionName(tool);
  const { choices, areFiles } = operandsOf(tool);
  const complete = `complete -c ${tool.name}`;
  return [
    `# Completion of ${tool.name} for fish, ${ORIGIN}.`,
    "",
    ...(areFiles ? [] : [`${complete} -f`]),
    ...(choices.length > 0
      ? [
        `${complete} -n 'not __fish_seen_subcommand_from ${
          choices.join(" ")
        }' -f -a '${choices.join(" ")}'`,
      ]
      : []),
    ...(tool.takesCommand
      ? [
        `function _${name}_command`,
        "  set -l words (commandline -opc)",
        "  set -e words[1..(contains -i -- -- $words)]",
        '  complete -C (string join " " -- (string escape -- $words) (commandline -ct))',
        "end",
        `${complete} -n 'contains -- -- (commandline -opc)' -f -a '(_${name}_command)'`,
      ]
      : []),
    ...optionsOf(tool).map(([name, option]) =>
      `${complete} -l ${name}${fishOption(option)}`
    ),
    "",
  ].join("\n");
}

function fishOption({ short, value, bare, help }: Option): string {
  const completion = value && !bare ? completionOf(value) : undefined;
  const behind = completion === undefined
    ? ""
    : completion === "files"
    ? " -r -F"
    : completion === "directories"
    ? " -x -a '(__fish_complete_directories (commandline -ct))'"
    : completion === "nothing"
    ? " -x"
    : ` -x -a '${completion.join(" ")}'`;
  const text = help.replace(/[\\']/g, "\\$&");
  return `${short ? ` -s ${short}` : ""}${behind} -d '${text}'`;
}
