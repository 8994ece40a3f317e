/**
 * A model of the part of GitHub's runner that finds commands in the log of a
 * step. Where the runner's comparison depends on the culture, the model tries
 * both results.
 *
 * Source: actions/runner, `ActionCommand.cs`, `ActionCommandManager.cs` and
 * `OutputManager.cs`, and what .NET's `StreamReader` does.
 *
 * @module
 */

/** A command in a log. */
export interface Command {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

const COMMANDS = [
  "add-mask",
  "add-matcher",
  "add-path",
  "debug",
  "echo",
  "endgroup",
  "error",
  "group",
  "internal-set-repo-path",
  "notice",
  "remove-matcher",
  "save-state",
  "set-env",
  "set-output",
  "stop-commands",
  "warning",
];

/** Characters that a comparison by culture ignores. */
const UNSEEN =
  // deno-lint-ignore no-control-regex -- looks for control characters
  /[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\p{Cf}\p{DI}]/gu;

/** The commands of a log. */
export function commandsIn(log: Uint8Array): Command[] {
  return decode(log).split(/\r\n|[\r\n]/).flatMap((line) => {
    const seen = line.replace(UNSEEN, "");
    const command = parse(line) ?? parseOld(line) ?? parse(seen) ??
      parseOld(seen);
    return command === undefined ? [] : [command];
  });
}

/** `StreamReader` takes the encoding from a byte order mark. */
function decode(log: Uint8Array): string {
  const [first, second] = log;
  const encoding = first === 0xff && second === 0xfe
    ? "utf-16le"
    : first === 0xfe && second === 0xff
    ? "utf-16be"
    : "utf-8";
  return new TextDecoder(encoding).decode(log);
}

function parse(line: string): Command | undefined {
  const message = line.replace(/^[\s\x85]+/, "");
  const end = message.indexOf("::", 2);
  if (!message.startsWith("::") || end < 0) return undefined;
  return commandOf(message.slice(2, end), message.slice(end + 2), ",", [
    ["%0D", "\r"],
    ["%0A", "\n"],
    ["%3A", ":"],
    ["%2C", ","],
    ["%25", "%"],
  ]);
}

function parseOld(line: string): Command | undefined {
  const start = line.indexOf("##[");
  const end = line.indexOf("]", start);
  if (start < 0 || end < 0) return undefined;
  return commandOf(line.slice(start + 3, end), line.slice(end + 1), ";", [
    ["%3B", ";"],
    ["%0D", "\r"],
    ["%0A", "\n"],
    ["%5D", "]"],
    ["%25", "%"],
  ]);
}

function commandOf(
  info: string,
  data: string,
  separator: string,
  escapes: readonly (readonly [string, string])[],
): Command | undefined {
  const space = info.indexOf(" ");
  const name = (space < 0 ? info : info.slice(0, space)).toLowerCase();
  if (!COMMANDS.includes(name)) return undefined;
  const unescape = (text: string) =>
    escapes.reduce(
      (text, [code, character]) => text.replaceAll(code, character),
      text,
    );
  const properties = (space < 0 ? "" : info.slice(space + 1)).trim()
    .split(separator)
    .map((property) => /^([^=]+)=+(.+)$/s.exec(property))
    .filter((match) => match !== null)
    .map(([, key, value]) => [key, unescape(value)]);
  return {
    name,
    properties: Object.fromEntries(properties),
    data: unescape(data),
  };
}
