import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TempDir } from "../../../tests/support/run.ts";
import { stream } from "../../../tests/support/streams.ts";
import { runtime as node } from "./node/runtime.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Both have what the interface asks for: the types are checked here. What is
 * below does not need Node itself; commands, signals and standard streams are
 * tested on it with the npm package.
 */
const RUNTIMES: Record<string, Runtime> = { Deno, node };

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const ERRORS = Object.keys(node.errors) as (keyof Runtime["errors"])[];

/** The name in the interface of what `work` throws, and its reason. */
async function thrownBy(
  { errors }: Runtime,
  work: () => unknown,
): Promise<[name: string | undefined, reason: string]> {
  try {
    await work();
  } catch (error) {
    const name = ERRORS.find((name) => error instanceof errors[name]);
    const { message } = error as Error;
    // Deno names the path behind the reason, which no tool shows.
    return [name, message.split(" (os error")[0]];
  }
  return [undefined, "nothing was thrown"];
}

for (const [name, runtime] of Object.entries(RUNTIMES)) {
  Deno.test(`${name} connects processes at a path`, async () => {
    using dir = new TempDir();
    const transport = "unix";
    const [path, moved] = [`${dir.path}/new`, `${dir.path}/socket`];
    const listener = runtime.listen({ transport, path });
    runtime.chmodSync(path, 0o600);
    runtime.renameSync(path, moved);
    const info = runtime.lstatSync(moved);
    assertEquals(info.isSocket, true);
    assertEquals(info.mode! & 0o777, 0o600);
    assertEquals(info.uid, runtime.uid());
    const connection = await runtime.connect({ transport, path: moved });
    const accepted = await listener.accept();
    const buffer = new Uint8Array(9);
    await connection.write(stream("one"));
    assertEquals(await accepted.read(buffer), 3);
    await accepted.write(stream("two"));
    assertEquals(await connection.read(buffer), 3);
    assertEquals(text(buffer.subarray(0, 3)), "two");
    connection.close();
    assertEquals(await accepted.read(buffer), null);
    accepted.close();
    listener.close();
    await assertRejects(() => runtime.connect({ transport, path: moved }));
  });

  Deno.test(`${name} makes folders for one user, and lists them`, () => {
    using dir = new TempDir();
    const folder = `${dir.path}/private`;
    runtime.mkdirSync(folder, { mode: 0o700 });
    const { isDirectory, mode } = runtime.lstatSync(folder);
    assertEquals([isDirectory, mode! & 0o777], [true, 0o700]);
    const names = Array.from(runtime.readDirSync(dir.path), ({ name }) => name);
    assertEquals(names, ["private"]);
    const link = `${dir.path}/link`;
    Deno.symlinkSync("private", link);
    assertEquals(runtime.realPathSync(link), Deno.realPathSync(folder));
    assertThrows(
      () => runtime.realPathSync(`${link}/no`),
      runtime.errors.NotFound,
    );
  });
}

for (const [name, runtime] of Object.entries(RUNTIMES)) {
  Deno.test(`${name} opens, reads, writes and cuts files`, () => {
    using dir = new TempDir();
    const path = `${dir.path}/file`;
    const options = { read: true, write: true, createNew: true };
    {
      using file = runtime.openSync(path, options);
      assertEquals(file.isTerminal(), false);
      assertEquals(file.writeSync(stream("0123456789")), 10);
      file.syncDataSync();
      file.syncSync();
      file.truncateSync(8);
      assertEquals(file.statSync().size, 8);
      file.seekSync(0, runtime.SeekMode.Start);
      const buffer = new Uint8Array(5);
      assertEquals(file.readSync(buffer), 5);
      assertEquals(text(buffer), "01234");
      assertEquals(file.readSync(buffer), 3);
      assertEquals(file.readSync(buffer), null);
    }
    {
      using file = runtime.openSync(path, { append: true });
      file.writeSync(stream("end"));
    }
    assertEquals(Deno.readTextFileSync(path), "01234567end");
    const made = { write: true, create: true, truncate: true };
    runtime.openSync(path, made).close();
    assertEquals(runtime.statSync(path).size, 0);
  });

  Deno.test(`${name} makes and removes files and directories`, () => {
    using dir = new TempDir();
    runtime.mkdirSync(`${dir.path}/a/b`, { recursive: true });
    assertEquals(runtime.statSync(`${dir.path}/a/b`).isFile, false);
    const path = `${dir.path}/a/file`;
    {
      using file = runtime.openSync(path, { write: true, createNew: true });
      file.writeSync(stream("content"));
    }
    const { isFile, size } = runtime.statSync(path);
    assertEquals([isFile, size], [true, 7]);
    Deno.symlinkSync(path, `${dir.path}/link`);
    assertEquals(runtime.statSync(`${dir.path}/link`).isFile, true);
    assertEquals(runtime.lstatSync(`${dir.path}/link`).isFile, false);
    runtime.removeSync(path);
    assertEquals([...Deno.readDirSync(`${dir.path}/a`)].length, 1);
    const own = runtime.makeTempFileSync({ prefix: "subunit-" });
    assertEquals(Deno.statSync(own).mode! & 0o777, 0o600);
    runtime.removeSync(own);
  });

  Deno.test(`${name} tells failures apart, in the C library's words`, async () => {
    using dir = new TempDir();
    const none = `${dir.path}/none`;
    const file = dir.file("file", "");
    const missing = ["NotFound", "No such file or directory"];
    const there = ["AlreadyExists", "File exists"];
    const cases: [work: () => unknown, expected: (string | undefined)[]][] = [
      [() => runtime.openSync(none), missing],
      [() => runtime.open(none), missing],
      [() => runtime.statSync(none), missing],
      [() => runtime.lstatSync(none), missing],
      [() => runtime.removeSync(none), missing],
      [() => runtime.mkdirSync(file), there],
      [
        () => runtime.openSync(file, { write: true, createNew: true }),
        there,
      ],
      [() => runtime.openSync(`${file}/x`), [undefined, "Not a directory"]],
      [
        () => runtime.openSync(dir.path, { write: true }),
        [undefined, "Is a directory"],
      ],
    ];
    for (const [work, expected] of cases) {
      assertEquals<unknown>(await thrownBy(runtime, work), expected);
    }
  });
}
