import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { writeLayout } from "../../../../testing/images.ts";
import { server } from "../../../../testing/cli.ts";
import { type Serving, serving } from "../../../../testing/serving.ts";

const IN_FORCE = "the new configuration is in force";
const REFUSED = "the new configuration is refused; the old one stays in force";
const SAME = "the file says what is in force";

describe("a configuration file that is damaged while the service runs", { timeout: 200_000 }, () => {
  let folder: string;
  let file: string;
  let text: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "damaged-"));
    file = join(folder, "registry.yaml");
    await writeLayout(join(folder, "layout"), { "registry.test/executor-ml:1.0.0": {} });
    await writeLayout(join(folder, "other"), { "registry.test/executor-nlp:1.0.0": {} });
    text = `listen: { host: 127.0.0.1, port: 0 }
store: "sqlite:${join(folder, "catalogue.db")}"
sources:
  - { name: main, kind: oci-layout, path: ${join(folder, "layout")}, interval: 1s }
  - { name: other, kind: oci-layout, path: ${join(folder, "other")}, interval: 1s }
`;
    await writeFile(file, text);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const types = async ({ url }: Serving): Promise<string[]> =>
    Object.keys((await (await fetch(`${url}/executors`)).json()) as object);
  const mistake = async (service: Serving): Promise<string> => {
    const { mistakes } = (await service.logged(REFUSED)) as unknown as { mistakes: readonly { message: string }[] };
    return mistakes.map(({ message }) => message).join("; ");
  };

  const damages: Readonly<Record<string, readonly [() => Promise<unknown>, RegExp]>> = {
    "emptied to 0 bytes": [() => writeFile(file, ""), /it is empty/],
    "only comments": [() => writeFile(file, "# nothing here yet\n---\n"), /it is empty/],
    vanished: [() => rm(file), /it cannot be read \(ENOENT\)/],
    "written up to its sources": [
      () => writeFile(file, text.slice(0, text.indexOf("sources:"))),
      /it names no sources/,
    ],
    "cut within a line": [() => writeFile(file, text.slice(0, -20)), /must .*end with a \}|unexpected end/i],
    "an alias bomb": [() => writeFile(file, aliasBomb()), /too many aliases/],
    "nested a thousandfold deep": [
      () => writeFile(file, `sources: ${"[".repeat(200_000)}\n`),
      /nested too deep|end with a \]/,
    ],
  };
  for (const [name, [damage, message]] of Object.entries(damages)) {
    test(`red-07: ${name}: it never replaces a good one, is said once, and the good one put back counts`, async () => {
      await using service = await serving(file);
      assert.deepEqual(await types(service), ["ml", "nlp"]);
      await damage();
      assert.match(await mistake(service), message);
      service.signal("SIGHUP");
      assert.match(await mistake(service), message, "SIGHUP says it again, and takes it as little");
      assert.deepEqual(await types(service), ["ml", "nlp"]);
      await writeFile(file, text);
      await service.logged(SAME);
      assert.equal(service.said(REFUSED), 2);
      assert.equal(service.said(IN_FORCE), 0);
    });
  }

  test("red-07: a file whose beginning is valid by itself does not count while it is written", async () => {
    await using service = await serving(file);
    const next = text.replace("interval: 1s", "interval: 2s");
    const [beginning, end] = [
      next.slice(0, next.indexOf("  - { name: other")),
      next.slice(next.indexOf("  - { name: other")),
    ];
    await writeFile(file, beginning);
    // A writer that takes longer than a file has to stay as it is.
    const began = performance.now();
    while (performance.now() - began < 4000) assert.deepEqual(await types(service), ["ml", "nlp"]);
    await appendFile(file, end);
    await service.logged(IN_FORCE);
    assert.equal(service.said(IN_FORCE), 1);
    assert.deepEqual(await types(service), ["ml", "nlp"]);
    const { entries } = (await (await fetch(`${service.url}/journal?kind=image-withdrawn`)).json()) as {
      entries: unknown[];
    };
    assert.deepEqual(entries, []);
  });

  test("red-07: a file that is written in pieces counts once it is whole", async () => {
    await using service = await serving(file);
    const next = text.replaceAll("other", "third").replace("interval: 1s", "interval: 2s");
    await writeFile(file, next.slice(0, next.indexOf("  - { name: third")));
    await appendFile(file, next.slice(next.indexOf("  - { name: third"), -10));
    await appendFile(file, next.slice(-10));
    await writeLayout(join(folder, "third"), { "registry.test/executor-third:1.0.0": {} });
    await service.logged(IN_FORCE);
    assert.equal(service.said(IN_FORCE), 1);
    while (!(await types(service)).includes("third"));
    assert.equal(service.said(REFUSED), 0);
  });

  test("red-07: what else is written beside it is nothing to the service", async () => {
    await using service = await serving(file);
    await writeFile(file, "sources: 7\n");
    await mistake(service);
    for (let line = 0; line < 200; line++) await appendFile(join(folder, "service.log"), `${line}\n`);
    await writeFile(file, text);
    await service.logged(SAME);
    assert.equal(service.said(REFUSED), 1);
  });

  test("red-07: an emptied file is no configuration to start with", async () => {
    await writeFile(file, "");
    const { code, stderr } = await server(["serve", "--config", file]);
    assert.equal(code, 2);
    assert.match(stderr, /registry\.yaml: it is empty; write at least `sources: \[\]`/);
  });
});

/** Nine levels, each nine times the one below. */
function aliasBomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const below = level === 0 ? "lol" : `*l${level - 1}`;
    return `l${level}: &l${level} [${Array.from({ length: 9 }, () => below).join(", ")}]\n`;
  });
  return levels.join("");
}
