/**
 * JavaScript and TypeScript: V8, its test runners, and ESLint.
 *
 * @module
 */

import { firstMatch, type Grammar, joined, SOURCE } from "../frame.ts";

const STACK =
  /^\s*at .*:\d+:\d+\)?(?: \{)?$|^\s*❯ .*:\d+:\d+$|^\s*at <Jasmine>$/;
const THROWN =
  /^\s*(?:Uncaught |error: |\(in promise\) )*(?:\[?cause\]?: )?\[?(?<said>[\w$.]*(?:Error|Exception)\b(?: \[\w+\])?(?:: .*)?)$/;

export const v8: Grammar = {
  frames: [
    // Rust's backtraces, too.
    {
      pattern:
        /^\s*at (?:async )?(?:.*\()?(?<file>[^()]+):(?<line>\d+):\d+\)?(?: \{)?$/,
    },
    // Node's TAP reporter leaves out "at".
    { pattern: /^\s*\S.* \((?<file>[^()]+):(?<line>\d+):\d+\)$/ },
    // Paths with brackets: Next.js groups pages in directories like "(shop)".
    {
      pattern:
        /^\s*(?:at )?(?:[^/()]* \(|async )?(?<file>(?:file:\/\/|\/|[A-Za-z]:[\\/])(?!.*<anonymous>).*?):(?<line>\d+):\d+\)?(?: \{)?$/,
    },
    // ESLint names the file above, or in the test's id or suite.
    {
      pattern: new RegExp(`^(?<file>(?:/|[A-Za-z]:\\\\).*\\.${SOURCE})$`),
    },
    { pattern: /^\s+(?<line>\d+):\d+ +(?:error|warning) +\S/ },
    { pattern: /^line (?<line>\d+), col \d+, (?:Error|Warning) - / },
  ],
  headline(lines) {
    return expected(lines) ??
      firstMatch(lines, /^\s+\d+:\d+ +error +(\S.*?)(?: {2,}\S+)?$/) ??
      firstMatch(lines, /^\S.*:\d+:\d+: .+ \[Error\/[\w/@-]+\]$/) ??
      eslintReport(lines) ??
      thrown(lines);
  },
};

/** The message stands above; below, its quotes are escaped twice. */
function eslintReport(lines: readonly string[]): string | undefined {
  const at = lines.findIndex((line) =>
    /^line \d+, col \d+, (?:Error|Warning) - /.test(line)
  );
  return at < 0 ? undefined : lines[at - 1] ?? lines[at];
}

/** Jest's matchers, with the values below, and Jasmine's messages. */
function expected(lines: readonly string[]): string | undefined {
  const at = lines.findIndex((line) =>
    /^\s*(?:Error: )?expect\(.*\)\.\w/.test(line)
  );
  // Without values below it, it is a line of source code.
  const values = lines.slice(at + 1)
    .filter((line) => /^\s*(?:Expected|Received)\b.*: /.test(line));
  if (at >= 0 && values.length > 0) {
    return joined([lines[at], ...values.slice(0, 2)]);
  }
  const message = lines.findIndex((line) => /^\s+Message:$/.test(line));
  return message >= 0 && lines.some((line) => STACK.test(line))
    ? lines[message + 1]?.trim()
    : undefined;
}

function thrown(lines: readonly string[]): string | undefined {
  const stack = lines.findIndex((line) => STACK.test(line));
  if (stack < 0) return undefined;
  // Node's runner wraps what a test throws.
  const cause = lines.findIndex((line) => /^\s*\[?cause\]?: /.test(line));
  const isWrapped = lines.some((line) => /\[ERR_TEST_FAILURE\]: /.test(line));
  const at = isWrapped && cause >= 0
    ? cause
    : lines.slice(0, stack).findLastIndex((line) => THROWN.test(line));
  if (at < 0) return undefined;
  const said = THROWN.exec(lines[at])?.groups?.said;
  if (said === undefined) return undefined;
  const end = lines.findIndex((line, index) => index > at && STACK.test(line));
  return comparison(said, lines.slice(at + 1, end < 0 ? undefined : end));
}

/**
 * A message with the compared values, which `node:assert` prints below it: as
 * `4 !== 5`, or as a diff.
 */
export function comparison(
  said: string,
  below: readonly string[],
): string {
  const values = below.slice(0, 3)
    .map((line) => /^\s*(\S.*) (?:[!=]==?) (\S.*)$/.exec(line))
    .find((match) => match !== null);
  if (values) {
    const [compared, actual, expected] = values;
    if (said.endsWith(":")) return joined([said, compared]);
    const isSaid = said.includes(actual) && said.includes(expected);
    return isSaid ? said : joined([`${said}:`, compared]);
  }
  const isDifference = below.some((line) =>
    /^\s*\+ actual - expected/.test(line)
  );
  if (!isDifference) {
    return said.endsWith(":")
      ? joined([said, below.find((line) => line.trim() !== "")])
      : said;
  }
  const of = (sign: RegExp) => firstMatch(below, sign)?.replace(/,$/, "");
  const actual = of(/^\s*\+ (?!actual - expected)\s*(.*)/);
  const wanted = of(/^\s*- (?!expected)\s*(.*)/);
  return joined([
    said,
    actual && `actual ${actual}`,
    wanted && `expected ${wanted}`,
  ]);
}
