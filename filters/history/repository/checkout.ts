/**
 * Which commit and branch a run is of: by the variables of CI services, else by
 * the files of the checkout. No process of git is started.
 *
 * @module
 */

import { variable } from "../../kit/io/environment.ts";
import { foldersUpwards } from "../../kit/io/paths.ts";
import { infoOf, readText } from "../../kit/io/stored_files.ts";
import { parentOf } from "./store.ts";

/** A commit and a branch, where they are known. */
export interface Checkout {
  readonly commit?: string;
  readonly branch?: string;
}

/**
 * The variables with commit and branch, by service: GitHub, GitLab, Buildkite,
 * CircleCI, Azure, Bitbucket, Travis, Drone, Jenkins. A pull request's own
 * branch comes first.
 */
const VARIABLES: readonly (readonly [string, readonly string[]])[] = [
  ["GITHUB_SHA", ["GITHUB_HEAD_REF", "GITHUB_REF_NAME"]],
  ["CI_COMMIT_SHA", ["CI_COMMIT_REF_NAME", "CI_COMMIT_BRANCH"]],
  ["BUILDKITE_COMMIT", ["BUILDKITE_BRANCH"]],
  ["CIRCLE_SHA1", ["CIRCLE_BRANCH"]],
  ["BUILD_SOURCEVERSION", ["BUILD_SOURCEBRANCHNAME"]],
  ["BITBUCKET_COMMIT", ["BITBUCKET_BRANCH"]],
  ["TRAVIS_COMMIT", ["TRAVIS_PULL_REQUEST_BRANCH", "TRAVIS_BRANCH"]],
  ["DRONE_COMMIT_SHA", ["DRONE_SOURCE_BRANCH", "DRONE_BRANCH"]],
  ["GIT_COMMIT", ["GIT_BRANCH"]],
];

const HASH = /^[0-9a-f]{7,64}$/;

/** Returns what is known of the checkout that the tool runs in. */
export function findCheckout(): Checkout {
  for (const [name, branches] of VARIABLES) {
    const commit = variable(name);
    if (commit === undefined || !HASH.test(commit)) continue;
    const branch = branches.map(variable).find((value) => value !== undefined);
    return branch === undefined ? { commit } : { commit, branch };
  }
  const folder = workTree();
  return folder === undefined ? {} : readCheckout(`${folder}/.git`);
}

/** The nearest folder with a checkout, from here upwards. */
export function workTree(): string | undefined {
  for (const folder of foldersUpwards()) {
    if (infoOf(`${folder}/.git`) !== undefined) return folder || "/";
  }
  return undefined;
}

/**
 * Reads the checkout of a `.git`: a folder, or a file that names one, as of a
 * further work tree or a submodule.
 */
export function readCheckout(path: string): Checkout {
  const named = linkIn(readText(path), parentOf(path));
  const git = named ?? path;
  const head = readText(`${git}/HEAD`)?.trim() ?? "";
  if (HASH.test(head)) return { commit: head };
  const [, ref] = /^ref: (refs\/[^\0\n]+)$/.exec(head) ?? [];
  if (ref === undefined || ref.includes("..")) return {};
  const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1];
  const common = readText(`${git}/commondir`)?.trim();
  const shared = common === undefined ? git : join(git, common);
  const commit = [git, shared].map((folder) => commitOf(folder, ref))
    .find((hash) => hash !== undefined);
  return {
    ...commit === undefined ? {} : { commit },
    ...branch === undefined ? {} : { branch },
  };
}

function linkIn(text: string | undefined, folder: string): string | undefined {
  const [, path] = /^gitdir: (.+)\n?$/.exec(text ?? "") ?? [];
  return path && join(folder, path);
}

function join(folder: string, path: string): string {
  return path.startsWith("/") ? path : `${folder}/${path}`;
}

/** A repository with many tags has a long file of packed refs. */
const PACKED_BYTES = 16 * 1024 ** 2;

function commitOf(git: string, ref: string): string | undefined {
  const loose = readText(`${git}/${ref}`)?.trim();
  if (loose !== undefined && HASH.test(loose)) return loose;
  const packed = readText(`${git}/packed-refs`, PACKED_BYTES) ?? "";
  for (const line of packed.split("\n")) {
    const [hash, name] = line.split(" ");
    if (name === ref && HASH.test(hash)) return hash;
  }
  return undefined;
}
