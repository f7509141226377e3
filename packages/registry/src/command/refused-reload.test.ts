import assert from "node:assert/strict";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { writeLayout } from "../../../../testing/images.ts";
import { type Serving, serving } from "../../../../testing/serving.ts";

const IN_FORCE = "the new configuration is in force";
const REFUSED = "the new configuration is refused; the old one stays in force";
const config = (...layouts: readonly string[]): string => `listen: { host: 127.0.0.1, port: 0 }
sources:
${layouts.map((path, index) => `  - { name: layout-${index + 1}, kind: oci-layout, path: ${path} }\n`).join("")}`;

describe("a running service whose configuration is changed for the worse", () => {
  let folder: string;
  let layouts: readonly string[];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "reload-"));
    layouts = [join(folder, "one"), join(folder, "other")];
    await writeLayout(layouts[0] ?? "", { "registry.test/executor-ml:1.0.0": {} });
    await writeLayout(layouts[1] ?? "", { "registry.test/executor-nlp:1.0.0": { created: "2026-11-01T00:00:00Z" } });
  });
  after(() => rm(folder, { recursive: true }));
  const types = async ({ url }: Serving): Promise<string[]> =>
    Object.keys((await (await fetch(`${url}/executors`)).json()) as object);
  /** The metric's value after the last change. */
  const successful = async ({ url }: Serving): Promise<string | undefined> =>
    /^executor_registry_config_last_reload_successful (.*)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1];
  /** The next refusal's mistakes: line, path, message. */
  const mistakes = async (service: Serving): Promise<string[]> => {
    const refusal = await service.logged(REFUSED);
    const told = refusal["mistakes"] as readonly { path: string; line?: number; message: string }[];
    return told.map(({ line, path, message }) => `${line} ${path}: ${message}`);
  };

  /** A file, as an editor replaces it. */
  const edited = async (text: string): Promise<{ file: string; change: (text: string) => Promise<void> }> => {
    const file = join(folder, "edited.yaml");
    await writeFile(file, text);
    return {
      file,
      async change(next) {
        await writeFile(`${file}.new`, next);
        await rename(`${file}.new`, file);
      },
    };
  };
  /** A file of a mounted ConfigMap, as the kubelet replaces it. */
  const mounted: typeof edited = async (text) => {
    const mount = join(folder, "mount");
    let version = 0;
    const change = async (next: string): Promise<void> => {
      const data = `..${(version += 1)}`;
      await mkdir(join(mount, data), { recursive: true });
      await writeFile(join(mount, data, "registry.yaml"), next);
      await symlink(data, join(mount, "..data_tmp"));
      await rename(join(mount, "..data_tmp"), join(mount, "..data"));
    };
    await change(text);
    await symlink("..data/registry.yaml", join(mount, "registry.yaml"));
    return { file: join(mount, "registry.yaml"), change };
  };

  for (const [where, place] of [
    ["an edited file", edited],
    ["a ConfigMap's mount", mounted],
  ] as const) {
    test(`logs every mistake with its line, answers as before, and takes what is right then: ${where}`, async () => {
      const { file, change } = await place(config(layouts[0] ?? ""));
      await using service = await serving(file);
      assert.deepEqual(await types(service), ["ml"]);
      assert.equal(await successful(service), "1");

      await change(`${config(...layouts)}checks: [a\n`);
      const [syntax, ...none] = await mistakes(service);
      assert.match(syntax ?? "", /^6 : .*must .*end with a \]/);
      assert.deepEqual(none, []);
      assert.equal(await successful(service), "0");
      assert.deepEqual(await types(service), ["ml"]);

      const wrong = `${config(...layouts)}  - { name: main, kind: oci, repositories: [executor-ml], interval: soon }
storage: "memory:"
auth: { writes: sometimes }
`;
      await change(wrong);
      const all = (await mistakes(service)).toSorted();
      assert.deepEqual(
        all.map((text) => text.slice(0, text.indexOf(": "))),
        ["5 sources[2].host", "5 sources[2].interval", "6 storage", "7 auth.writes"],
      );
      assert.deepEqual(await types(service), ["ml"]);
      service.signal("SIGHUP");
      assert.deepEqual((await mistakes(service)).toSorted(), all, "and says it again when asked");

      await change(config(...layouts));
      await service.logged(IN_FORCE);
      while ((await types(service)).length < 2);
      assert.deepEqual(await types(service), ["ml", "nlp"]);
      assert.equal(await successful(service), "1");
    });
  }
});
