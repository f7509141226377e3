import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Digest } from "@executor-registry/resolver";
import type { Judgement } from "./check.ts";
import { createExpressionCheck, ExpressionSettings } from "./expression.ts";
import { type BuiltImages, builtImages, checkOf } from "./testing/built-images.ts";

const CONFIG = {
  os: "linux",
  architecture: "arm64",
  variant: "v8",
  created: "2026-11-10T00:00:00Z",
  config: { User: "1000", Labels: { "app.tier": "gold", a: "1" }, Env: ["PATH=/bin"], Entrypoint: ["/app/run"] },
};

/** However busy the machine is. */
const PATIENT_MS = 30_000;
const judge = (images: BuiltImages, settings: object, digest: Digest, signal: AbortSignal): Promise<Judgement> =>
  createExpressionCheck(ExpressionSettings.parse(settings), PATIENT_MS).judge(images.subject(digest), signal);

describe("the check expression", () => {
  test("passes an image for which its rule is true, as CEL says it", async ({ signal }) => {
    await using images = await builtImages();
    const { digest } = images.image(CONFIG);
    for (const rule of [
      `image.repository == '${images.repository}' && image.path == 'team/executor-ml' && image.registry.startsWith('127')`,
      `image.digest == '${digest}' && image.tags.exists(t, t.matches('^[0-9]+[.]'))`,
      "image.labels['app.tier'] in ['gold', 'silver'] && image.labels[?'none'].orValue('x') == 'x'",
      "image.platform == 'linux/arm64/v8' && image.platforms == ['linux/arm64/v8']",
      "image.sizeBytes < 500 * 1024 * 1024 && image.created > timestamp('2026-11-09T00:00:00Z')",
      "image.user != '' && image.entrypoint[0] == '/app/run' && size(image.cmd) == 0 && !('TOKEN' in image.env)",
    ]) {
      const { state, reason } = await judge(images, { rule }, digest, signal);
      assert.equal(state, "passed", reason);
    }
  });

  test("fails others, in its own words or in those of the policy", async ({ signal }) => {
    await using images = await builtImages();
    const { digest } = images.image(CONFIG);
    const rule = "image.labels['app.tier'] == 'silver'";
    const plain = await judge(images, { rule }, digest, signal);
    assert.equal(plain.code, "expression-false");
    assert.match(plain.reason, /^the rule image\.labels\['app\.tier'\] == 'silver' is not true; build an image/);
    const messageExpression = "'the tier is ' + image.labels['app.tier'] + ';\\n ask the platform team'";
    const worded = await judge(images, { rule, messageExpression }, digest, signal);
    assert.match(worded.reason, /^the tier is gold;.*ask the platform team$/);
    const broken = await judge(images, { rule, messageExpression: "image.labels['none']" }, digest, signal);
    assert.equal(broken.reason, plain.reason);
  });

  test("fails where it cannot be evaluated for an image", async ({ signal }) => {
    await using images = await builtImages();
    const { digest } = images.image({ created: null });
    for (const rule of ["image.labels['none'] == 'x'", "image.created > timestamp('2020-01-01T00:00:00Z')", "dyn(1)"]) {
      const { state, reason } = await judge(images, { rule }, digest, signal);
      assert.equal(state, "failed", reason);
    }
    const has = await judge(images, { rule: "!has(image.created)" }, digest, signal);
    assert.equal(has.state, "passed", has.reason);
  });

  test("is not evaluated for longer than a tenth of a second, whatever an image holds", async ({ signal }) => {
    await using images = await builtImages();
    const { digest } = images.image({
      config: { User: `${"a".repeat(40)}b`, Env: Array.from({ length: 1000 }, (_, n) => `V${n}=`) },
    });
    for (const rule of [
      "image.env.all(a, image.env.all(b, image.env.all(c, a + b + c != '')))",
      "!image.user.matches('^(a+)+$')",
    ]) {
      const judged = images.judge({ expression: { rule } }, digest, signal);
      await assert.rejects(judged, { code: "ERR_SCRIPT_EXECUTION_TIMEOUT" });
    }
  });

  test("judges each platform's image", async ({ signal }) => {
    await using images = await builtImages();
    const root = images.image({ architecture: "amd64" });
    const { digest } = images.index(images.image(CONFIG), root);
    const { state, reason } = await judge(images, { rule: "image.user != ''" }, digest, signal);
    assert.deepEqual([state, reason.startsWith("linux/amd64: the rule")], ["failed", true]);
  });

  test("is judged again when tags change, where it asks for them", () => {
    assert.equal(checkOf({ expression: { rule: "image.tags.size() > 0" } }).byTags, true);
    assert.equal(checkOf({ expression: { rule: "image.user != ''" } }).byTags, false);
  });
});
