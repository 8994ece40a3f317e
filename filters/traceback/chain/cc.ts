/**
 * C and C++: gdb, sanitizers, `assert`, GoogleTest, Catch2, doctest and Check.
 * The test libraries print no functions, but the expression that was false.
 *
 * @module
 */

import {
  type Call,
  type ChainGrammar,
  type Thrown,
  withoutArguments,
} from "./chain.ts";

const GDB =
  /^#\d+ +(?:0x[\da-f]+ in )?(\S.*?)(?: at (\S.*?):\d+| from (\S+))?$/;
const SANITIZED = /^\s+#\d+ 0x[\da-f]+ (?:in )?(.*)$/;
const SANITIZER =
  /^(?:==\d+==|=+ *)?(?:ERROR|WARNING): (\w+Sanitizer): (\S+(?: \S+){0,3}?)(?: (?:on|at|in|\(|detected).*)?$/;
const UNDEFINED = /^(\S.*?):\d+(?::\d+)?: runtime error: (.*)$/;
const SIGNAL =
  /^(?:Program|Thread .*) (?:received|terminated with) signal (SIG\w+)(?:, (.*?))?\.?$/;
const GTEST =
  /^(?:(\S.*?):\d+|unknown file): Failure$|^(\S.*?)\(\d+\): error: (?:Failure)?$/;
const CATCH2 = /^(\S.*?):\d+: FAILED:$/;
const DOCTEST = /^(\S.*?):\d+: (?:FATAL )?ERROR: (.*)$/;
const CHECK = /^(\S.*?):\d+:[FE]:[^:]*:([^:]*):\d+: (.*)$/;
const ASSERT =
  /^(?:\S+: )?(\S+?):\d+: (?:(.*): )?Assertion [`'](.*)' failed\.?$/;

export const cc: ChainGrammar = {
  language: "cc",
  marker:
    /^#0 +\S|Sanitizer: |: runtime error: |: Failure$|: FAILED:$|: (?:FATAL )?ERROR: |:[FE]:[^:]*:[^:]*:\d+: |: Assertion [`']|\): error: /m,
  read: (lines) =>
    stack(lines) ?? gtest(lines) ?? catch2(lines) ?? inOneLine(lines),
  library:
    /^(?:\.\.\/)*(?:sysdeps|csu|nptl|stdlib|src\/libsanitizer)\/|(?:^|\/)(?:libsanitizer|glibc|gtest|googletest|catch2?)\/|^\/usr\/(?:lib|include)\/|:(?:__interceptor_|__sanitizer|__asan|__GI_|__libc_|_start$|raise$|abort$|gsignal$|std::|testing::|Catch::|__cxa|__gnu_cxx|__assert|__pthread|clone|start_thread)/,
  test: /:\w+_Test::TestBody$/,
  plainName: (name) =>
    name.replace(/<[^<>]{20,}>/g, "<>").replace(
      /\.(?:isra|constprop|part|cold)\.?\d*/g,
      "",
    ),
};

/** A sanitizer's report, or a stack as gdb prints it. */
function stack(lines: readonly string[]): Thrown[] | undefined {
  let type = "", message = "";
  const calls: Call[] = [];
  for (const line of lines) {
    if (type === "") {
      const sanitizer = line.includes("Sanitizer: ")
        ? SANITIZER.exec(line)
        : null;
      if (sanitizer !== null) [, type, message] = sanitizer;
      const signal = line.includes(" signal ") ? SIGNAL.exec(line) : null;
      if (signal !== null) [type, message] = [signal[1], signal[2] ?? ""];
    }
    const call = gdbCall(line) ?? sanitizerCall(line);
    if (call !== undefined) calls.push(call);
    // What follows is where the memory was allocated, or another thread.
    else if (calls.length > 0 && type !== "") break;
  }
  if (calls.length === 0) return undefined;
  return [{ type: type || "crash", message, calls }];
}

function gdbCall(line: string): Call | undefined {
  if (!line.startsWith("#")) return undefined;
  const match = GDB.exec(line);
  if (match === null) return undefined;
  const name = withoutArguments(match[1]).trim();
  return { file: match[2] ?? match[3] ?? "", name };
}

function sanitizerCall(line: string): Call | undefined {
  const rest = SANITIZED.exec(line)?.[1];
  if (rest === undefined) return undefined;
  const place = / ((?:\/|\.\.?\/|[A-Za-z]:)\S.*?)(?::\d+){1,2}$/.exec(rest);
  const name = place === null
    ? rest.replace(/ \(.*$/, "")
    : rest.slice(0, place.index);
  return { file: place?.[1] ?? "", name: withoutArguments(name) };
}

function gtest(lines: readonly string[]): Thrown[] | undefined {
  const at = lines.findIndex((line) => GTEST.test(line));
  if (at < 0) return undefined;
  const [, file, otherFile] = GTEST.exec(lines[at])!;
  let message = lines[at + 1]?.trim() ?? "";
  const source: string[] = [];
  const value = /^Value of: (.*)$/.exec(message);
  if (value !== null) {
    source.push(value[1]);
    message = "Value of";
  } else {
    for (const line of lines.slice(at + 2)) {
      if (!/^ {2}\S/.test(line) || source.length === 4) break;
      source.push(line.trim());
    }
  }
  return [{
    type: "Failure",
    message,
    calls: [{
      file: file ?? otherFile ?? "",
      name: "",
      source: source.filter((line) =>
        !line.startsWith("Which is: ")
      ).join(" ") ||
        undefined,
    }],
  }];
}

function catch2(lines: readonly string[]): Thrown[] | undefined {
  const at = lines.findIndex((line) => CATCH2.test(line));
  if (at < 0) return undefined;
  const [, file] = CATCH2.exec(lines[at])!;
  const said = lines[at + 1]?.trim() ?? "";
  const isExpression = /^[A-Z_]+\(.*\)$/.test(said);
  const thrown = lines.slice(at + 1, at + 5)
    .findIndex((line) => /^due to unexpected exception/.test(line));
  return [{
    type: thrown >= 0
      ? "exception"
      : isExpression
      ? /^[A-Z_]+/.exec(said)![0]
      : "FAILED",
    message: thrown >= 0
      ? lines[at + 2 + thrown]?.trim() ?? ""
      : isExpression
      ? ""
      : said,
    calls: [{ file, name: "", source: isExpression ? said : undefined }],
  }];
}

function inOneLine(lines: readonly string[]): Thrown[] | undefined {
  for (const line of lines) {
    const assert = line.includes("Assertion ") ? ASSERT.exec(line) : null;
    if (assert !== null) {
      const name = withoutArguments(assert[2] ?? "").replace(/^.* /, "");
      return [one("Assertion", "failed", assert[1], name, assert[3])];
    }
    const check = CHECK.exec(line);
    if (check !== null) {
      const [, file, name, said] = check;
      const source = /^Assertion '(.*?)' failed/.exec(said)?.[1];
      return [
        one(
          "Assertion",
          source === undefined ? said : "failed",
          file,
          name,
          source,
        ),
      ];
    }
    const undefinedBehavior = line.includes(": runtime error: ")
      ? UNDEFINED.exec(line)
      : null;
    if (undefinedBehavior !== null) {
      const [, file, said] = undefinedBehavior;
      return [one("runtime error", said, file, "")];
    }
    const doctest = line.includes("ERROR: ") ? DOCTEST.exec(line) : null;
    if (doctest !== null) {
      const source = /^(.*) is NOT correct!$/.exec(doctest[2])?.[1];
      return [
        one(
          "ERROR",
          source === undefined ? doctest[2] : "",
          doctest[1],
          "",
          source,
        ),
      ];
    }
  }
  return undefined;
}

function one(
  type: string,
  message: string,
  file: string,
  name: string,
  source?: string,
): Thrown {
  return { type, message, calls: [{ file, name, source }] };
}
