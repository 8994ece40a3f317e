/**
 * The part of Deno that the tools use. Deno has it, `node/` makes Node have it,
 * and the npm package is built only of tools that use nothing else.
 *
 * These are types only: a tool loads nothing for them.
 *
 * @module
 */

/** The global `Deno`, as kit/io and kit/tool know it. */
export interface Runtime {
  /** The words of the command line behind the tool's name. */
  readonly args: readonly string[];
  /** The current directory. */
  cwd(): string;
  /** What the runtime was built for; Node does not have it. */
  readonly build?: { readonly os: string };
  readonly stdin: Stdin;
  readonly stdout: StandardOutput;
  readonly stderr: StandardOutput;
  /** The size of the terminal that a standard stream is; throws without one. */
  consoleSize(): ConsoleSize;
  readonly env: {
    /** The value of a variable; the permission must have its name. */
    get(name: string): string | undefined;
  };
  /** The exit status of the process when it ends by itself. */
  exitCode: number;
  /** Ends the process, with {@linkcode exitCode} unless a status is given. */
  exit(status?: number): never;

  /** The number of the process. */
  readonly pid: number;
  /** The path of the program that runs the tool. */
  execPath(): string;
  /** Sends a signal to a process, or to the group of a negative number. */
  kill(pid: number, signal: SentSignal): void;

  /** Calls `listener` for each signal of a name, instead of what it does. */
  addSignalListener(signal: Signal, listener: () => void): void;
  removeSignalListener(signal: Signal, listener: () => void): void;

  readonly Command: new (
    program: string,
    options?: CommandOptions,
  ) => { spawn(): ChildProcess };

  /** The number of the user. */
  uid(): number | null;
  /** Waits for connections at a path; there are no other sockets. */
  listen(options: UnixAddress): Listener;
  /** Connects to whoever listens at a path. */
  connect(options: UnixAddress): Promise<Connection>;

  /** Opens a file to be read, unless the options ask for something else. */
  openSync(path: string, options?: OpenOptions): FsFile;
  /** Opens a file to be read as a stream. */
  open(path: string): Promise<FsFile>;
  /** What is at a path, or behind a link there. */
  statSync(path: string): FileInfo;
  /** What is at a path; a link is a link. */
  lstatSync(path: string): FileInfo;
  mkdirSync(
    path: string,
    options?: { recursive?: boolean; mode?: number },
  ): void;
  /** The path without links. */
  realPathSync(path: string): string;
  readDirSync(
    path: string,
  ): Iterable<{ readonly name: string; readonly isSymlink: boolean }>;
  /** Gives a file one more path; throws when something is there. */
  linkSync(from: string, to: string): void;
  renameSync(from: string, to: string): void;
  chmodSync(path: string, mode: number): void;
  removeSync(path: string): void;
  /** Makes an empty file that nobody else may read, and returns its path. */
  makeTempFileSync(options: { prefix: string }): string;
  readonly SeekMode: { readonly Start: number };

  /** The errors that the tools treat in their own ways. */
  readonly errors: {
    readonly AlreadyExists: ErrorClass;
    readonly BrokenPipe: ErrorClass;
    readonly Interrupted: ErrorClass;
    readonly NotCapable: ErrorClass;
    readonly NotFound: ErrorClass;
    readonly WouldBlock: ErrorClass;
  };
}

type ErrorClass = new (message: string) => Error;

/** The signals that the tools listen to and pass on. */
export type Signal =
  | "SIGCONT"
  | "SIGHUP"
  | "SIGINT"
  | "SIGTERM"
  | "SIGUSR1"
  | "SIGWINCH";
/** The signals that the tools only send. */
export type SentSignal = Signal | "SIGKILL" | "SIGQUIT";

/** The size of a terminal, in characters. */
export interface ConsoleSize {
  readonly columns: number;
  readonly rows: number;
}

/** Standard input: reads that block, or that let signal handlers run. */
export interface Stdin {
  /** Returns how many bytes were read; null at the end. */
  readSync(buffer: Uint8Array): number | null;
  read(buffer: Uint8Array): Promise<number | null>;
  isTerminal(): boolean;
  close(): void;
}

/** Standard output or error: writes that block, or let signal handlers run. */
export interface StandardOutput {
  /** Returns how many bytes were written. */
  writeSync(bytes: Uint8Array): number;
  write(bytes: Uint8Array): Promise<number>;
  isTerminal(): boolean;
  close(): void;
}

/** An open file. */
export interface FsFile extends Disposable {
  /** Returns how many bytes were read; null at the end. */
  readSync(buffer: Uint8Array): number | null;
  /** Returns how many bytes were written. */
  writeSync(bytes: Uint8Array): number;
  seekSync(offset: number, whence: number): number;
  statSync(): FileInfo;
  truncateSync(length: number): void;
  /** Waits until the content is on the disk. */
  syncDataSync(): void;
  /** Waits until the file, its times and its length are on the disk. */
  syncSync(): void;
  /** Waits for the file's lock, which is held until the file is closed. */
  lockSync(isExclusive: boolean): void;
  /** Takes the lock if it can be had at once, and returns whether it could. */
  tryLockSync(isExclusive: boolean): boolean;
  isTerminal(): boolean;
  /** The content, read without blocking signal handlers. */
  readonly readable: ReadableStream<Uint8Array>;
  close(): void;
}

/** A path at which processes of one machine meet. */
export interface UnixAddress {
  readonly transport: "unix";
  readonly path: string;
}

/** Waits for connections. */
export interface Listener {
  accept(): Promise<Connection>;
  close(): void;
}

/** A connection. */
export interface Connection {
  /** Returns how many bytes were read; null at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Returns how many bytes were written. */
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** What the tools ask of a file. */
export interface FileInfo {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isSocket: boolean | null;
  /** In bytes. */
  readonly size: number;
  /** When its content was changed last; null where that is not known. */
  readonly mtime: Date | null;
  /** The device and the number of the file there; null where there are none. */
  readonly dev: number;
  readonly ino: number | null;
  /** The permissions of the user, the group and others. */
  readonly mode: number | null;
  /** The number of its owner. */
  readonly uid: number | null;
}

/** How a file is opened. */
export interface OpenOptions {
  readonly read?: boolean;
  readonly write?: boolean;
  readonly append?: boolean;
  readonly create?: boolean;
  /** Whether it must not be there yet. */
  readonly createNew?: boolean;
  readonly truncate?: boolean;
  /** The permissions of a new file, less those of the mask. */
  readonly mode?: number;
}

/** Where a standard stream of a command goes. */
export type Stdio = "piped" | "inherit" | "null";

/** How a command is run. */
export interface CommandOptions {
  args?: string[];
  stdin?: Stdio;
  stdout?: Stdio;
  stderr?: Stdio;
  /** Variables besides those of the tool. */
  env?: Record<string, string>;
  /** Whether it leads a process group of its own. */
  detached?: boolean;
}

/** A command that runs. Only streams that are "piped" may be asked for. */
export interface ChildProcess {
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly status: Promise<CommandStatus>;
  /** Throws when it has ended. */
  kill(signal: Signal): void;
  /** How it ended, and everything that it wrote. */
  output(): Promise<CommandOutput>;
}

/** How a command ended; after a signal the code is the one that shells show. */
export interface CommandStatus {
  readonly success: boolean;
  readonly code: number;
  /** The name of the signal that ended it. */
  readonly signal: string | null;
}

/** How a command ended, and what it wrote to pipes of ours. */
export interface CommandOutput extends CommandStatus {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}
