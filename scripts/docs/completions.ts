/**
 * Completions of a tool's command line for bash, zsh and fish, generated from
 * its table of options.
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

/** What a shell can complete a value with. */
type Completion = "files" | "directories" | "nothing" | readonly string[];

/** The completions of the placeholders in the tables. */
const PLACEHOLDERS: Record<string, Completion> = {
  FILE: "files",
  OLD: "files",
  NEW: "files",
  DIR: "directories",
};

/**
 * Returns the completion of a value in a table: "FILE" is a placeholder, while
 * "2.0" and "sign|verify" are literal values.
 */
export function completionOf(word: string): Completion {
  if (!/[A-Z]/.test(word)) return word.split("|");
  return PLACEHOLDERS[word] ?? "nothing";
}

/** The operands of a tool. */
interface Operands {
  /** The choices for the first operand, if there are any. */
  readonly choices: readonly string[];
  /** Whether the other operands are files. */
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

/** Returns all options of a tool, without short forms if it has none. */
export function optionsOf(tool: Tool): [string, Option][] {
  const table: OptionTable = { ...tool.options, ...COMMON_OPTIONS };
  return Object.entries(table).map(([name, option]) => [
    name,
    tool.takesDashes ? { ...option, short: undefined } : option,
  ]);
}

/** Returns the forms of an option: "-o", "--output-to". */
function formsOf(name: string, { short }: Option): string[] {
  return [...(short ? [`-${short}`] : []), `--${name}`];
}

/** Returns the name of the shell function for a tool. */
function functionName(tool: Tool): string {
  return `_${tool.name.replaceAll("-", "_")}`;
}

const ORIGIN = "made by scripts/docs/completions.ts from the table of options";

/** Returns the completion for bash 4 and later, to be sourced. */
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

/** After "--", the command's own completion applies. */
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

/** Completes the values of options. */
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
  return `  # bash splits "--option=value" into three words.
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

/** Completes other words. */
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

/** Returns the completion for zsh, a file _NAME on its fpath. */
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

/** Returns an option in the form of zsh's \`_arguments\`. */
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

/** Returns the completion for fish. */
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
