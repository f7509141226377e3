import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  createResolver,
  type ProblemDocument,
  type Resolution,
  systemClock,
  UnknownTypeError,
} from "@executor-registry/resolver";
import type { JournalPage } from "@executor-registry/resolver/internal";
import { exampleService } from "../../../../testing/example-service.ts";
import { writeLayout } from "../../../../testing/images.ts";
import { startLoopbackServer } from "../../../../testing/loopback-server.ts";
import { fakeIo, runHere } from "../testing/fake-io.ts";

const NEW = "r.test/team/executor-ml:1.1.0";
const OLD = "r.test/legacy/executor-ml:1.0.0";

interface Notice {
  readonly id: string;
  readonly data: Readonly<Record<"event" | "executorType" | "previously" | "reason", string>>;
}

/** What becomes of a type whose version fails as it is judged again, by every way there is to ask, and in what is notified. */
describe("a version that does not pass any more", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "on-invalid-"));
    await writeLayout(folder, {
      [NEW]: { created: "2026-11-02T00:00:00Z" },
      [OLD]: { created: "2026-11-01T00:00:00Z" },
    });
    await writeFile(join(folder, "secret"), `whsec_${Buffer.alloc(32, 7).toString("base64")}`);
  });
  after(() => rm(folder, { recursive: true }));

  /** The type is answered with the newer image; then these namespaces alone are approved. */
  async function judgedAgain(onInvalid: string, allow: string, mode = "enforce") {
    const receiver = await startLoopbackServer((_, response) => void response.end());
    const notifications = `notifications: [{ name: team, kind: cloudevents, url: "${receiver.url}", secret: { file: ${join(folder, "secret")} }, events: [rejected] }]`;
    const checks = (namespace: string): string =>
      `${notifications}\nchecks: { policies: [{ name: team, onInvalid: ${onInvalid}, namespaces: { allow: ["${namespace}"], mode: ${mode} } }] }`;
    const service = await exampleService(checks("r.test/**"), undefined, folder);
    const resolver = createResolver({
      environment: "production",
      registry: { url: service.url, events: false, ttl: 1 },
    });
    const before = await resolver.resolve("ml");
    assert.match(before.image, /^r\.test\/team\//);
    const source = `sources: [{ name: examples, kind: oci-layout, path: ${folder} }]`;
    await service.configure(`listen: { port: 0 }\n${source}\n${checks(allow)}`);
    return {
      service,
      resolver,
      ask: (...words: string[]) => runHere([...words, "--registry", service.url], fakeIo({ clock: systemClock })),
      async answer() {
        const response = await fetch(`${service.url}/executors/ml`);
        const body = (await response.json()) as Pick<ProblemDocument, "code" | "detail"> &
          Pick<Resolution, "image" | "warnings">;
        return { status: response.status, ...body };
      },
      async judged() {
        const { entries } = (await (
          await fetch(`${service.url}/journal?type=ml&kind=image-judged`)
        ).json()) as JournalPage;
        return entries.map(({ reason, change }) => [reason, JSON.stringify(change).includes("namespace-not-allowed")]);
      },
      /** What the team was notified of, once that were so many events. Each may come twice, with the same id. */
      async notified(events: number) {
        for (;;) {
          const sent = receiver.received.map(({ body }) => JSON.parse(body.toString()) as Notice);
          const distinct = [...new Map(sent.map((notice) => [notice.id, notice.data])).values()];
          if (distinct.length >= events)
            return distinct.map(({ event, executorType, previously, reason }) => [
              event,
              executorType,
              previously,
              reason.includes("in none of the approved"),
            ]);
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
      async [Symbol.asyncDispose]() {
        await resolver.close();
        await service.close();
        await receiver[Symbol.asyncDispose]();
      },
    };
  }
  const FAILED = ["the checks' configuration answers otherwise", true];
  const NOTIFIED = ["rejected", "ml", "admitted", true];

  test("fallback: the best that passes takes its place", async () => {
    await using here = await judgedAgain("fallback", "r.test/legacy/*");
    const { status, image, warnings } = await here.answer();
    assert.equal(status, 200);
    assert.match(image, /^r\.test\/legacy\//);
    assert.match(warnings.join(), /took over from r\.test\/team\/executor-ml/);
    const resolution = await here.resolver.resolve("ml");
    assert.deepEqual([resolution.image, resolution.warnings], [image, warnings]);
    for (const command of ["get", "resolve"]) {
      assert.match((await here.ask(command, "ml")).stderr, /^warning: .*took over from r\.test\/team/m, command);
    }
    assert.match((await here.ask("list")).stderr, /^warning: ml: .*took over from r\.test\/team/m);
    const why = await here.ask("why", "ml:1.1.0");
    assert.equal(why.code, 7);
    assert.match(why.stdout, /^Answer: +it is rejected\nBecause: +approved-namespace: r\.test\/team/m);
    assert.deepEqual(
      (await here.judged()).filter(([, failed]) => failed),
      [FAILED],
    );
    assert.deepEqual(await here.notified(1), [NOTIFIED]);
  });

  test("keep: it goes on being answered with, with a warning, while nothing else passes", async () => {
    await using here = await judgedAgain("keep", "elsewhere.test/**");
    const { status, image, warnings } = await here.answer();
    assert.equal(status, 200);
    assert.match(image, /^r\.test\/team\//);
    const said = /the check approved-namespace does not pass, and it is kept, since no other version passes/;
    assert.match(warnings.join(), said);
    const resolution = await here.resolver.resolve("ml");
    assert.deepEqual([resolution.image, resolution.validated], [image, false]);
    assert.match(resolution.warnings.join(), said);
    for (const command of [["get", "ml"], ["resolve", "ml"], ["list"]]) {
      const { code, stderr } = await here.ask(...command);
      assert.equal(code, 0);
      assert.match(stderr, said, command.join(" "));
    }
    const why = await here.ask("why", "ml");
    assert.equal(why.code, 0);
    assert.match(why.stdout, /^approved-namespace +failed +namespace-not-allowed /m);
    assert.deepEqual(
      (await here.judged()).filter(([, failed]) => failed),
      [FAILED, FAILED],
    );
    assert.deepEqual(await here.notified(2), [NOTIFIED, NOTIFIED]);
  });

  test("refuse: the type is answered with nothing, and all who ask are told which check of which version fails", async () => {
    await using here = await judgedAgain("refuse", "r.test/legacy/*");
    const { status, code, detail } = await here.answer();
    assert.deepEqual([status, code], [404, "unknown-type"]);
    const said =
      /type "ml" is refused: its version 1\.1\.0 \(r\.test\/team\/executor-ml@sha256:\w+\) does not pass the check approved-namespace: .*onInvalid: refuse/;
    assert.match(detail, said);
    await assert.rejects(
      here.resolver.resolve("ml"),
      (error) => error instanceof UnknownTypeError && said.test(error.message),
    );
    for (const command of ["get", "resolve"]) {
      const { code: exit, stderr } = await here.ask(command, "ml");
      assert.equal(exit, 3);
      assert.match(stderr, said, command);
    }
    for (const [asked, answer, because] of [
      ["ml", /it is rejected/, /its version 1\.1\.0 .*onInvalid: refuse/],
      ["ml:1.1.0", /it is rejected/, /approved-namespace: /],
      ["ml:1.0.0", /it passes its checks/, /it passes, but the type is refused: its version 1\.1\.0/],
    ] as const) {
      const why = await here.ask("why", asked);
      assert.equal(why.code, 7, asked);
      assert.match(/^Answer: (.*)$/m.exec(why.stdout)?.[1] ?? "", answer);
      assert.match(/^Because: (.*)$/m.exec(why.stdout)?.[1] ?? "", because);
    }
    assert.deepEqual(
      (await here.judged()).filter(([, failed]) => failed),
      [FAILED],
    );
    assert.deepEqual(await here.notified(1), [NOTIFIED]);
  });

  test("warn: it stays the version, and every answer warns", async () => {
    await using here = await judgedAgain("fallback", "r.test/legacy/*", "warn");
    const said = /the check approved-namespace does not pass, and its policy only warns/;
    const { status, image, warnings } = await here.answer();
    assert.equal(status, 200);
    assert.match(image, /^r\.test\/team\//);
    assert.match(warnings.join(), said);
    assert.match((await here.resolver.resolve("ml")).warnings.join(), said);
    for (const command of [["get", "ml"], ["resolve", "ml"], ["list"]]) {
      assert.match((await here.ask(...command)).stderr, said, command.join(" "));
    }
    assert.match(
      (await here.ask("why", "ml")).stdout,
      /^approved-namespace +failed \(only warns\) +namespace-not-allowed/m,
    );
  });
});
