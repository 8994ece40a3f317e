/**
 * Finds broken links and paths in a document.
 *
 * @module
 */

import { globToRegExp } from "@std/path/posix/glob-to-regexp";

/** The files that documents link to. */
export interface Repository {
  /** The paths of all files, relative to the root, with "/". */
  readonly files: readonly string[];
  read(path: string): string;
}

/** The first folder of paths that are checked in backticks. */
const FOLDERS = [
  ".ci",
  "codec",
  "docs",
  "examples",
  "filters",
  "scripts",
  "share",
  "tests",
  "types",
];

/** A document with the lines of fenced blocks left empty. */
function withoutBlocks(markdown: string): string {
  return markdown.replace(
    /^( *)(`{3,}|~{3,}).*?^\1\2$/gms,
    (block) => block.replace(/[^\n]/g, ""),
  );
}

/** The anchors that GitHub gives to the headings of a document. */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutBlocks(markdown).matchAll(/^#+ (.*)$/gm)) {
    const anchor = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-");
    let unique = anchor;
    for (let i = 1; anchors.has(unique); i++) unique = `${anchor}-${i}`;
    anchors.add(unique);
  }
  return anchors;
}

/** A path relative to a folder, from the root; undefined if outside. */
function resolvePath(folder: string, path: string): string | undefined {
  const parts = path.startsWith("/") ? [] : folder.split("/").filter(Boolean);
  for (const part of path.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

/** Returns whether a path or pattern names a file or folder. */
function exists(path: string, { files }: Repository): boolean {
  if (path === "") return true;
  const pattern = globToRegExp(path);
  return files.some((file) =>
    pattern.test(file) || file.startsWith(`${path}/`)
  );
}

/** The targets of links, images and definitions such as `[name]: target`. */
function linksIn(prose: string): string[] {
  const inline = prose.matchAll(/\]\(<?([^()\s>]+)>?(?:\s+"[^"]*")?\)/g);
  const defined = prose.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)>?/gm);
  return [...inline, ...defined].map(([, target]) => target);
}

/** The paths of the repository in backticks. */
function pathsIn(prose: string, neighbors: ReadonlySet<string>): string[] {
  return Array.from(prose.matchAll(/`([^`\n]+)`/g), ([, code]) => code)
    .filter((code) => {
      if (!/^[\w.*-]+(\/[\w.*-]+)*\/?$/.test(code)) return false;
      const [first, ...rest] = code.split("/");
      if (rest.length === 0) return code.endsWith(".md");
      return FOLDERS.includes(first) || neighbors.has(first);
    });
}

/**
 * The broken links and paths of a document, as it writes them. Links to the web
 * are not followed.
 *
 * @param path the document's, relative to the root
 * @param invented prefixes of paths that are examples
 */
export function brokenLinks(
  path: string,
  markdown: string,
  repository: Repository,
  invented: readonly string[] = [],
): string[] {
  const folder = path.split("/").slice(0, -1).join("/");
  const prose = withoutBlocks(markdown);
  const links = linksIn(prose.replace(/`[^`\n]*`/g, "``")).filter((link) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return false;
    const [target, anchor] = link.split("#");
    const isHere = target === "";
    const found = isHere ? path : resolvePath(folder, target);
    if (found === undefined) return true;
    if (!isHere && !exists(found, repository)) return true;
    if (anchor === undefined) return false;
    const text = isHere ? markdown : repository.read(found);
    return !anchorsOf(text).has(decodeURIComponent(anchor));
  });
  const neighbors = new Set(
    repository.files
      .filter((file) => folder !== "" && file.startsWith(`${folder}/`))
      .map((file) => file.slice(folder.length + 1).split("/")[0]),
  );
  const paths = pathsIn(prose, neighbors).filter((code) => {
    if (invented.some((beginning) => code.startsWith(beginning))) return false;
    const plain = code.replace(/\/$/, "");
    // From the root, or from where the document is.
    return !exists(plain, repository) &&
      !exists(resolvePath(folder, plain) ?? "..", repository);
  });
  return [...links, ...paths];
}
