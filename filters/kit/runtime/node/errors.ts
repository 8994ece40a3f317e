/**
 * Converts Node's errors into Deno's.
 *
 * @module
 */

/** The errors that the tools treat in their own ways. */
export const errors = {
  AlreadyExists: class AlreadyExists extends Error {},
  BrokenPipe: class BrokenPipe extends Error {},
  Interrupted: class Interrupted extends Error {},
  /** Never thrown: Node has no permissions. */
  NotCapable: class NotCapable extends Error {},
  NotFound: class NotFound extends Error {},
  WouldBlock: class WouldBlock extends Error {},
} as const;

const CLASSES: Readonly<Record<string, new (message: string) => Error>> = {
  EAGAIN: errors.WouldBlock,
  EEXIST: errors.AlreadyExists,
  EINTR: errors.Interrupted,
  ENOENT: errors.NotFound,
  EPIPE: errors.BrokenPipe,
};

/**
 * The words of the C library's `strerror`, which Deno uses. Node has words of
 * its own, and users are to read the same under both.
 */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "Permission denied",
  EAGAIN: "Resource temporarily unavailable",
  EBADF: "Bad file descriptor",
  EBUSY: "Device or resource busy",
  ECONNRESET: "Connection reset by peer",
  EDQUOT: "Disk quota exceeded",
  EEXIST: "File exists",
  EFBIG: "File too large",
  EINTR: "Interrupted system call",
  EINVAL: "Invalid argument",
  EIO: "Input/output error",
  EISDIR: "Is a directory",
  ELOOP: "Too many levels of symbolic links",
  EMFILE: "Too many open files",
  EMLINK: "Too many links",
  ENAMETOOLONG: "File name too long",
  ENFILE: "Too many open files in system",
  ENODEV: "No such device",
  ENOENT: "No such file or directory",
  ENOMEM: "Cannot allocate memory",
  ENOSPC: "No space left on device",
  ENOTDIR: "Not a directory",
  ENOTEMPTY: "Directory not empty",
  ENXIO: "No such device or address",
  EPERM: "Operation not permitted",
  EPIPE: "Broken pipe",
  EROFS: "Read-only file system",
  ESPIPE: "Illegal seek",
  ESTALE: "Stale file handle",
  ETXTBSY: "Text file busy",
};

/** Deno's error for one of Node's; other errors are returned unchanged. */
export function denoError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, errno } = error as Error & { code?: string; errno?: number };
  if (code === undefined || errno === undefined) return error;
  const reason = REASONS[code] ?? error.message;
  return new (CLASSES[code] ?? Error)(`${reason} (os error ${-errno})`);
}

/** Calls `work`, and throws Deno's errors in place of Node's. */
export function withDenoErrors<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw denoError(error);
  }
}
