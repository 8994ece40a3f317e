#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read --allow-write --allow-env=SUBUNIT_REPO,GITHUB_SHA,GITHUB_HEAD_REF,GITHUB_REF_NAME,CI_COMMIT_SHA,CI_COMMIT_REF_NAME,CI_COMMIT_BRANCH,BUILDKITE_COMMIT,BUILDKITE_BRANCH,CIRCLE_SHA1,CIRCLE_BRANCH,BUILD_SOURCEVERSION,BUILD_SOURCEBRANCHNAME,BITBUCKET_COMMIT,BITBUCKET_BRANCH,TRAVIS_COMMIT,TRAVIS_PULL_REQUEST_BRANCH,TRAVIS_BRANCH,DRONE_COMMIT_SHA,DRONE_SOURCE_BRANCH,DRONE_BRANCH,GIT_COMMIT,GIT_BRANCH
/**
 * subunit-load: keeps a stream in a repository of runs while it passes on
 * unchanged, or imports files.
 *
 * @module
 */

import {
  alsoWriter,
  cacheDigests,
  exitStatusOf,
  Importer,
  openForWriting,
  parseAt,
  Recording,
  recordStdin,
  repositoryPath,
  runsToImport,
  sizeWarning,
  startRecord,
} from "./history/repository/loading.ts";
import type { Repository } from "./history/repository/store.ts";
import { REPO_OPTION } from "./history/repository/store.ts";
import { RunWriter } from "./history/repository/writer.ts";
import {
  defineTool,
  EXIT_STATUS_OPTION,
  runTool,
  type Tool,
  TRANSFORM_STATUS,
} from "./kit/tool/tool.ts";

export const tool: Tool = defineTool({
  name: "subunit-load",
  summary: "Keep a stream in a repository of runs, and pass it on unchanged",
  operands: "[FILE...]",
  options: {
    ...REPO_OPTION,
    meta: { value: "K=V", list: true, help: "keep this about the run" },
    variant: {
      value: "NAME",
      help: "its tests are not those of other variants",
    },
    group: { value: "NAME", help: "the build that the run is a part of" },
    part: { value: "N/M", help: "which part of the build" },
    full: { help: "all tests were selected" },
    partial: { help: "not all tests were selected" },
    "no-git": { help: "do not look for the commit and the branch" },
    at: { value: "TIME", help: "when it began (default: first time in it)" },
    also: {
      value: "DIR",
      help: "also write to a repository of stestr or testr",
    },
    "no-gzip": { help: "do not compress the run when it has ended" },
    sync: { help: "wait until the run has reached the disk" },
    quiet: { short: "q", help: "do not pass the stream on" },
    ...EXIT_STATUS_OPTION,
  },
  notes:
    `The repository is --repo, SUBUNIT_REPO or the nearest .subunit; the first run makes
one in the work tree, or here. Runs are files in it: to copy them into another one is
to merge. Each FILE is a run and is not passed on; so is each stream in a folder or in
a repository of stestr, testr or inquest. One that is there already stays one run,
unless --variant, --group or --part say something else of it, or --at where it has no
times.
The commit and the branch are known from the variables of CI or from .git; --meta
commit=, branch=, command=, cwd= and dirty= set what they name. A run that cannot be
kept is reported and passed on all the same. A run whose writer was killed is torn,
and what it has is kept.`,
  exitStatus: TRANSFORM_STATUS,
  examples: [
    "./suite | subunit-load | subunit-ls --failing",
    "junitxml2subunit old.xml | subunit-load --quiet --at 2026-11-20T10:00:00Z",
  ],
  async run(io, options, files) {
    const isLive = files.length === 0 && options.at === undefined;
    const start = startRecord(options, isLive);
    const at = parseAt(options.at);
    const writing = { sync: options.sync, isPlain: options["no-gzip"] };
    const writeAlso = await alsoWriter(io, options.also);
    let repository: Repository | undefined;
    const open = () =>
      repository ??= openForWriting(repositoryPath(options.repo));
    const kept: (string | undefined)[] = [];
    let status = 0;
    if (files.length === 0) {
      const recording = new Recording(
        io,
        (time) => new RunWriter(open(), start, at ?? time, writing),
      );
      recordStdin(io, recording, !options.quiet);
      recording.pack();
      kept.push(recording.id);
      const judged = io.conclude(recording.verdict);
      status = recording.hasFailed ? 2 : options["exit-status"] ? judged : 0;
    }
    const importer = new Importer(io, start, at, writing);
    for (const run of files.flatMap((file) => runsToImport(io, file))) {
      const { hasFailed, id, complaint } = await importer.add(open(), run);
      kept.push(id);
      if (complaint !== undefined) io.warn(`${run.path}: ${complaint}`);
      if (hasFailed) status = 2;
      else if (options["exit-status"]) status ||= await exitStatusOf(run);
    }
    if (repository) await cacheDigests(repository, kept);
    if (repository && writeAlso && !await writeAlso(repository, kept)) {
      status = 2;
    }
    const warning = repository && sizeWarning(repository);
    if (warning !== undefined) io.warn(warning);
    return status;
  },
});

if (import.meta.main) runTool(tool);
