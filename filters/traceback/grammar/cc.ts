/**
 * C and C++: compilers, sanitizers and test libraries; also .NET, and any other
 * tool that prints places as compilers do.
 *
 * @module
 */

import {
  firstMatch,
  type Grammar,
  joined,
  linesUntil,
  SOURCE,
} from "../frame.ts";

export const cc: Grammar = {
  frames: [
    // Catch2 and doctest; the place of the test case stands above it.
    {
      pattern:
        /^(?<file>\S.*?):(?<line>\d+): (?:FAILED:$|(?:FATAL )?ERROR: |FATAL:)/,
    },
    // .NET.
    { pattern: /^\s+at .* in (?<file>\S.*):line (?<line>\d+)$/ },
    // CppUnit.
    { pattern: /^\d+\) test: .* line: (?<line>\d+) (?<file>\S.*)$/ },
    // JUnit reports of Boost.Test.
    { pattern: /^- file\s*: (?<file>\S.*)$/ },
    { pattern: /^- line\s*: (?<line>\d+)$/ },
    {
      pattern: new RegExp(
        `(?<![\\w@.+/\\\\~-])(?<file>(?:[A-Za-z]:[/\\\\])?[\\w@.+/\\\\~-]+\\.${SOURCE})[:(](?<line>\\d+)\\b`,
      ),
      wide: new RegExp(
        `^\\s*(?<file>[^\\s:].*?\\.${SOURCE})[:(](?<line>\\d+)\\b`,
      ),
    },
  ],
  headline(lines) {
    return sanitizer(lines) ?? listed(lines) ?? inOneLine(lines);
  },
};

function sanitizer(lines: readonly string[]): string | undefined {
  const at = lines.findIndex((line) =>
    /^==\d+==ERROR: \w+Sanitizer: /.test(line)
  );
  if (at < 0) return undefined;
  // Addresses differ from run to run.
  const said = (line: string | undefined) =>
    line?.replace(/^==\d+==ERROR: /, "").replace(
      / (?:on|at|in) (?:unknown )?(?:address )?0x.*$/,
      "",
    );
  const access = /^(?:READ|WRITE) of size /.test(lines[at + 1] ?? "")
    ? said(lines[at + 1])
    : undefined;
  return joined([said(lines[at]), access]);
}

/** Failures of several lines: how they begin, and the first line after them. */
const LISTED: readonly (readonly [begin: RegExp, end: RegExp])[] = [
  // GoogleTest, and its JUnit reports.
  [/^\S.*:\d+: Failure$/, /^(?:\[|Stack trace:|Google Test trace:)/],
  [/^\S[^:]*\.\w+:\d+$/, /^(?:\[|Stack trace:|Google Test trace:|\.{5})/],
  [/^\S.*\(\d+\): error: ?((?:Value|Expected|Failed).*)$/, /^\[/],
  // Catch2.
  [/^(?:.*: )?FAILED:$/, /^(?:[=.~-]{5}|at )/],
  // CppUnit.
  [/^\d+\) test: .* line: \d+ /, /^\d+\) test: /],
  // doctest.
  [/: (?:FATAL )?ERROR: (.* is NOT correct!|test case .*)$/, /^[=-]{5}/],
];

function listed(lines: readonly string[]): string | undefined {
  for (const [begin, end] of LISTED) {
    const at = lines.findIndex((line) => begin.test(line));
    if (at < 0) continue;
    const [, said] = begin.exec(lines[at])!;
    const below = linesUntil(lines, at + 1, end)
      .map((line) => line.replace(/^- (?=\w)/, ""));
    const text = joined([said, ...below]);
    if (text !== "") return text;
  }
  return undefined;
}

function inOneLine(lines: readonly string[]): string | undefined {
  return firstMatch(lines, /^\[ {2}ERROR {3}\] --- (.*)/) ??
    // glibc's assert, and Check.
    firstMatch(lines, /\b(Assertion [`'].*)/) ??
    // Boost.Test.
    firstMatch(lines, /\b(?:fatal )?error: in "[^"]*": (.+)/) ??
    firstMatch(lines, /^- message\s*: (.+)/) ??
    firstMatch(lines, COMPLAINT);
}

const COMPLAINT = new RegExp(
  `^\\S.*?\\.${SOURCE}[:(]\\d+\\b.*?: (?:fatal error|error|runtime error)\\b.+`,
);
