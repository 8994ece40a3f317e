/**
 * Python: tracebacks, exception groups, and pytest's long and short forms.
 *
 * @module
 */

import type { Call, ChainGrammar, Thrown } from "./chain.ts";

const HEADER = "Traceback (most recent call last):";
/** The bars of a group; testtools has the name of a class before the header. */
const PREFIX = /^[\s|+-]*(?=Traceback |Exception Group Traceback )/;
const FRAME = /^File "([^"]*)", line \d+(?:, in (.+))?$/;
const RAISED = /^([A-Za-z_][\w.]*)(?:: ?(.*))?$/;
const SUBGROUP = /^[\s|]*\+-[+-]*-+ (\d+) -+$/;
const DIRECT =
  "The above exception was the direct cause of the following exception:";
const PYTEST_FRAME =
  /^([^\s:"<>][^:"<>]*\.pyx?):\d+: (?:in (.+)|([A-Za-z_][\w.]*)?)$/;
const PYTEST_SAID = /^E {3,}(\S.*)$/;

export const python: ChainGrammar = {
  language: "python",
  marker: /Traceback \(most recent call last\):[ \t\r]*$|^E {3,}\S/m,
  read: (lines) => traceback(lines) ?? pytest(lines),
  library:
    /(?:^|[\\/])(?:lib(?:64)?|Lib)[\\/](?:python[\d.]+t?|unittest|asyncio|importlib|json|concurrent)[\\/]|[\\/](?:site|dist)-packages[\\/]|[\\/]lib[-_](?:python|pypy)[\\/]|^<frozen |^<attrs |[\\/]_pytest[\\/]/,
  // Python 3.12 has no functions for these.
  hidden: /:<(?:list|dict|set)comp>$/,
};

/** The last part of a name: where a class is defined moves with versions. */
function lastPart(type: string): string {
  return type.slice(type.lastIndexOf(".") + 1);
}

/** One exception while it is read; its calls are printed outermost first. */
interface Open {
  readonly prefix: string;
  readonly calls: Call[];
}

function traceback(lines: readonly string[]): Thrown[] | undefined {
  let chain: Thrown[] = [];
  let open: Open | undefined;
  let link: "direct" | "part" | undefined;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at];
    if (open === undefined) {
      if (line === DIRECT || line.endsWith(DIRECT)) {
        link = "direct";
        continue;
      }
      const part = line.includes("+-") ? SUBGROUP.exec(line) : null;
      if (part !== null && chain.length > 0) {
        // Of a group, the first exception speaks for the others.
        if (part[1] !== "1") break;
        link = "part";
        continue;
      }
      if (line.endsWith(HEADER)) open = opened(line);
      continue;
    }
    const said = unprefixed(line, open.prefix);
    if (said === undefined || said === "") continue;
    if (said.startsWith("  ")) {
      const frame = FRAME.exec(said.trimStart());
      if (frame === null) continue;
      const next = unprefixed(lines[at + 1] ?? "", open.prefix) ?? "";
      const hasSource = next.startsWith("    ") && !FRAME.test(next.trim());
      if (hasSource) at++;
      open.calls.push({
        file: frame[1],
        name: frame[2] ?? "",
        source: hasSource ? next.trim() : undefined,
      });
      continue;
    }
    const raised = RAISED.exec(said);
    if (raised === null) {
      if (line.endsWith(HEADER)) open = opened(line);
      continue;
    }
    const thrown: Thrown = {
      type: lastPart(raised[1]),
      message: raised[2] ||
        (unprefixed(lines[at + 1] ?? "", open.prefix) ?? "").trim(),
      calls: open.calls.reverse(),
    };
    chain = link === "direct"
      ? [thrown, ...chain]
      : link === "part"
      ? [...chain, thrown]
      : [thrown];
    link = open = undefined;
  }
  return chain.length > 0 ? chain : undefined;
}

function opened(header: string): Open {
  return { prefix: PREFIX.exec(header)?.[0] ?? "", calls: [] };
}

/** A line without the bars of its exception group. */
function unprefixed(line: string, prefix: string): string | undefined {
  if (prefix === "") return line;
  if (line.startsWith(prefix.replace("+", "|"))) {
    return line.slice(prefix.length);
  }
  return /^[\s|+-]*$/.test(line.slice(0, prefix.length))
    ? line.slice(prefix.length)
    : undefined;
}

/** pytest shows source code around each call, or one line for each. */
function pytest(lines: readonly string[]): Thrown[] | undefined {
  let chain: Thrown[] = [];
  let calls: Call[] = [];
  let isDirect = false;
  let name = "", source: string | undefined, said: string | undefined;
  let type: string | undefined;
  const close = () => {
    if (said === undefined) return;
    const raised = RAISED.exec(said);
    const isNamed = raised !== null && raised[1] !== "assert" &&
      (raised[2] !== undefined || raised[1] === type);
    const thrown: Thrown = {
      type: lastPart(type ?? (isNamed ? raised[1] : "AssertionError")),
      message: isNamed ? raised[2] ?? "" : said,
      calls: calls.reverse(),
    };
    chain = isDirect ? [thrown, ...chain] : [thrown];
    calls = [];
    isDirect = false;
    said = type = undefined;
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at];
    if (line.startsWith("E ")) {
      said ??= PYTEST_SAID.exec(line)?.[1];
    } else if (line.startsWith(">")) {
      source = line.slice(1).trim();
    } else if (line === DIRECT) {
      close();
      isDirect = true;
    } else if (line.startsWith("    ")) {
      // The first definition of a section is the function it is about.
      if (name === "") {
        name = /^ {4,}(?:async )?def (\w+)/.exec(line)?.[1] ?? "";
      }
    } else {
      const frame = line.includes(".py") ? PYTEST_FRAME.exec(line) : null;
      if (frame === null) continue;
      if (frame[2] !== undefined) {
        if (said !== undefined) close();
        calls.push({
          file: frame[1],
          name: frame[2],
          source: lines[at + 1]?.trim(),
        });
      } else {
        calls.push({ file: frame[1], name, source });
        if (frame[3]) {
          type = frame[3];
          close();
        }
      }
      name = "";
      source = undefined;
    }
  }
  close();
  return chain.length > 0 ? chain : undefined;
}
