/** The permissions in the first line of each tool. */

import { assert, assertEquals } from "@std/assert";
import { flagsOf, toolScript } from "../../scripts/tool_path.ts";
import { TOOLS } from "../support/run.ts";

/**
 * The flags of every tool: no noise, no questions, a bound on V8's young
 * objects, which otherwise grow with the length of a stream, and its input.
 */
const ALL = [
  "--quiet",
  "--no-prompt",
  "--v8-flags=--max-semi-space-size=4",
  "--allow-read",
];

/**
 * Sockets at a path need the network, of which IPv4 is denied again; no tool
 * opens a port.
 */
const SOCKETS = [
  "--allow-env=XDG_RUNTIME_DIR,TMPDIR,SUBUNIT_SOCKET",
  "--allow-sys=uid",
  "--allow-net",
  "--deny-net=0.0.0.0/0",
];
/**
 * The additional permissions. A new permission is a decision: enter it here,
 * and in the changelog.
 */
const MORE: Readonly<Record<string, readonly string[]>> = {
  // It uses no index that another user made.
  "fault-log": [
    "--allow-write",
    "--allow-run",
    "--allow-env=EDITOR",
    "--allow-sys=uid",
  ],
  "gpg-signed-stream": ["--allow-write", "--allow-run=gpg"],
  "subunit-1to2": ["--allow-run"],
  "subunit-attach": ["--allow-write", "--allow-run=sh", ...SOCKETS],
  "subunit-attempts": ["--allow-write"],
  "subunit-ctl": ["--allow-write", "--allow-run", ...SOCKETS],
  "subunit-exec": ["--allow-run"],
  // They write digests, which are made again.
  "subunit-failing": ["--allow-write", "--allow-env=SUBUNIT_REPO"],
  "subunit-history": ["--allow-write", "--allow-env=SUBUNIT_REPO"],
  "subunit-last": ["--allow-env=SUBUNIT_REPO"],
  // With the commits and branches of CI services.
  "subunit-load": [
    "--allow-write",
    "--allow-env=SUBUNIT_REPO,GITHUB_SHA,GITHUB_HEAD_REF,GITHUB_REF_NAME," +
    "CI_COMMIT_SHA,CI_COMMIT_REF_NAME,CI_COMMIT_BRANCH,BUILDKITE_COMMIT,BUILDKITE_BRANCH,CIRCLE_SHA1,CIRCLE_BRANCH,BUILD_SOURCEVERSION,BUILD_SOURCEBRANCHNAME,BITBUCKET_COMMIT," +
    "BITBUCKET_BRANCH,TRAVIS_COMMIT,TRAVIS_PULL_REQUEST_BRANCH,TRAVIS_BRANCH,DRONE_COMMIT_SHA,DRONE_SOURCE_BRANCH,DRONE_BRANCH,GIT_COMMIT,GIT_BRANCH",
  ],
  "subunit-faults": ["--allow-write"],
  "subunit-merge": ["--allow-run=sh"],
  "subunit-progress": ["--allow-env=FORCE_COLOR,NO_COLOR,TERM"],
  "subunit-quarantine": ["--allow-write"],
  "subunit-run": [
    "--allow-write",
    "--allow-run",
    "--allow-env=FORCE_COLOR,NO_COLOR,TERM",
    ...SOCKETS.slice(1),
  ],
  "subunit-prune": ["--allow-write", "--allow-env=SUBUNIT_REPO"],
  "subunit-runs": ["--allow-env=SUBUNIT_REPO"],
  "subunit-select": ["--allow-write"],
  "subunit-serve": ["--allow-write", "--allow-run", ...SOCKETS],
  "subunit-stats": ["--allow-write"],
  "subunit-tee": ["--allow-write"],
  "subunit-worker": ["--allow-run"],
  "subunit2cbor": ["--allow-write"],
  "subunit2csv": ["--allow-write"],
  "subunit2disk": ["--allow-write"],
  "subunit2github": ["--allow-write"],
  "subunit2html": ["--allow-write"],
  "subunit2junitxml": ["--allow-write"],
  "subunit2pyunit": ["--allow-write"],
  "subunit2tap": ["--allow-write"],
  "subunit2trace": ["--allow-write"],
};

for (const name of TOOLS) {
  Deno.test(`${name} asks for the permissions that it is meant to have`, () => {
    assertEquals(flagsOf(toolScript(name)), [...ALL, ...MORE[name] ?? []]);
  });
}

Deno.test("docs/server.md has the permissions of its tools", () => {
  const page = Deno.readTextFileSync(
    new URL("../../docs/server.md", import.meta.url),
  );
  const rows = Array.from(
    page.matchAll(/^\| `(subunit-[a-z]+)` +\| `(--[^`]*)` +\|/gm),
    ([, name, flags]) => [name, flags.split(" ").sort()] as const,
  );
  assertEquals(rows.length, 5);
  for (const [name, flags] of rows) {
    const own = [...ALL, ...MORE[name]].filter((flag) =>
      /-net|allow/.test(flag)
    );
    assertEquals(own.sort(), flags, name);
  }
});

Deno.test("no permission is meant for a tool that is gone", () => {
  for (const name of Object.keys(MORE)) assert(TOOLS.includes(name), name);
});
