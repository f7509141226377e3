import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Clock } from "@executor-registry/resolver";
import { builtImages, checkOf } from "./testing/built-images.ts";

const NOW = Date.parse("2026-11-23T12:00:00Z");
const DAY_MS = 86_400_000;
const clock: Clock = { now: () => NOW, sleep: async () => {} };
const AMD64 = { platform: { os: "linux", architecture: "amd64" } };
const ARM64 = { platform: { os: "linux", architecture: "arm64" } };

describe("the check labels", () => {
  const settings = { labels: { required: { "org.opencontainers.image.source": "https://git.test/ml/*", tier: "*" } } };

  test("passes an image with all of them, and says which are missing or other", async ({ signal }) => {
    await using images = await builtImages();
    const labelled = (labels: object) =>
      images.judge(settings, images.image({ config: { Labels: labels } }).digest, signal);
    const source = { "org.opencontainers.image.source": "https://git.test/ml/executor" };
    assert.equal((await labelled({ ...source, tier: "gold" })).state, "passed");
    const lacking = await labelled({ "org.opencontainers.image.source": "https://git.test/other", tier: "" });
    assert.deepEqual(lacking, {
      state: "failed",
      code: "labels-missing",
      reason:
        "it does not have the labels org.opencontainers.image.source=https://git.test/ml/* (it has https://git.test/other), tier=* (it has none); build it with them, such as by --label",
    });
  });

  test("looks at every image of an index, not only at the one whose labels are kept", async ({ signal }) => {
    await using images = await builtImages();
    const good = images.image({
      config: { Labels: { "org.opencontainers.image.source": "https://git.test/ml/x", tier: "gold" } },
    });
    const bad = images.image({ architecture: "arm64", config: {} });
    const { digest } = images.index({ ...good, ...AMD64 }, { ...bad, ...ARM64 });
    const { state, reason } = await images.judge(settings, digest, signal);
    assert.equal(state, "failed");
    assert.match(reason, /^linux\/arm64: it does not have the labels/);
  });
});

describe("the check platforms", () => {
  test("wants all of them to be there, whatever their variants", async ({ signal }) => {
    await using images = await builtImages();
    const arm = { platform: { os: "linux", architecture: "arm64", variant: "v8" } };
    const { digest } = images.index({ ...images.image({}), ...AMD64 }, { ...images.image({ a: 1 }), ...arm });
    const include = (...wanted: string[]) => images.judge({ platforms: { include: wanted } }, digest, signal);
    assert.equal((await include("linux/amd64", "linux/arm64")).state, "passed");
    const missing = await include("linux/arm64/v9", "linux/amd64");
    assert.equal(missing.code, "platform-missing");
    assert.match(missing.reason, /^it is for linux\/amd64, linux\/arm64\/v8, and not for linux\/arm64\/v9; build it/);
  });

  test("waits where a platform is named and not there", async ({ signal }) => {
    await using images = await builtImages();
    const gone = images.image({ gone: true });
    images.registry.lose("team/executor-ml", gone.digest);
    const { digest } = images.index({ ...images.image({}), ...AMD64 }, { ...gone, ...ARM64 });
    const judged = images.judge({ platforms: { include: ["linux/amd64"] } }, digest, signal);
    await assert.rejects(judged, { code: "not-found" });
  });
});

describe("the check age", () => {
  const settings = { age: { maxAge: "30d" } };

  test("passes until the oldest platform's image is too old", async ({ signal }) => {
    await using images = await builtImages();
    const [young, old] = ["2026-11-20T00:00:00Z", "2026-11-10T00:00:00Z"];
    const { digest } = images.index(
      { ...images.image({ created: young }), ...AMD64 },
      { ...images.image({ created: old }), ...ARM64 },
    );
    const { state, expires } = await images.judge(settings, digest, signal, clock);
    assert.deepEqual([state, expires], ["passed", Date.parse(old) + 30 * DAY_MS]);
  });

  test("fails what is too old, and what gives no believable time unless that is allowed", async ({ signal }) => {
    await using images = await builtImages();
    const built = (created: unknown, more = {}) =>
      images.judge({ age: { maxAge: "30d", ...more } }, images.image({ created }).digest, signal, clock);
    assert.equal((await built("2026-10-01T00:00:00Z")).code, "too-old");
    for (const created of [undefined, null, "1970-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "yesterday"]) {
      const refused = await built(created);
      assert.deepEqual([refused.state, refused.code], ["failed", "created-unknown"]);
      const allowed = await built(created, { unknown: "allow" });
      assert.deepEqual([allowed.state, allowed.expires], ["passed", undefined]);
    }
  });
});

describe("the check size", () => {
  const layers = (...sizes: readonly (number | undefined)[]) => ({
    layers: sizes.map((size, place) => ({
      mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
      digest: `sha256:${String(place).repeat(64)}`,
      ...(size !== undefined && { size }),
    })),
  });

  test("counts configuration and layers of each platform by itself", async ({ signal }) => {
    await using images = await builtImages();
    const half = images.image({}, layers(300 << 20));
    const whole = images.image({ a: 1 }, layers(300 << 20, 201 << 20));
    const judged = (digest: typeof half.digest) => images.judge({ size: { max: "500Mi" } }, digest, signal);
    const both = images.index({ ...half, ...AMD64 }, { ...half, ...ARM64 });
    assert.equal((await judged(both.digest)).state, "passed");
    const large = await judged(whole.digest);
    assert.equal(large.code, "too-large");
    assert.match(large.reason, /^it has 501Mi \(\d+ bytes\), more than 500Mi; make it smaller/);
  });

  test("does not believe a manifest that leaves out the size of a layer", async ({ signal }) => {
    await using images = await builtImages();
    const { digest } = images.image({}, layers(undefined));
    assert.equal((await images.judge({ size: { max: "500Mi" } }, digest, signal)).code, "size-unknown");
  });

  test("is given in bytes or in Kubernetes' units", () => {
    const same = (a: string, b: string) =>
      assert.equal(checkOf({ size: { max: a } }).fingerprint, checkOf({ size: { max: b } }).fingerprint);
    same("1Gi", "1024Mi");
    same("2G", "2000000000");
    for (const max of ["0", "1.5Gi", "500mb", "9000T000"]) assert.throws(() => checkOf({ size: { max } }));
  });
});

describe("the check user", () => {
  const verdict = async (User: unknown, signal: AbortSignal) => {
    await using images = await builtImages();
    return await images.judge({ user: { nonRoot: true } }, images.image({ config: { User } }).digest, signal);
  };

  test("passes a number that is not 0", async ({ signal }) => {
    for (const user of ["1", "65532", "1000:0", "1000:app", "2147483647:2147483647"]) {
      const { state, evidence } = await verdict(user, signal);
      assert.deepEqual([state, evidence], ["passed", { user }]);
    }
  });

  test("fails root in every spelling, and numbers that runtimes once made root of", async ({ signal }) => {
    const rootly = [
      "",
      undefined,
      null,
      0,
      1000,
      "0",
      "0:0",
      "000",
      "+0",
      "-0",
      ":1000",
      " 1000",
      "1000 ",
      "1e3",
      "0x10",
    ];
    const overflowing = ["2147483648", "4294967296", "4294967296:1", "1000:4294967296", "99999999999999999999"];
    for (const user of [...rootly, ...overflowing]) {
      const { state, code } = await verdict(user, signal);
      assert.deepEqual([user, state, code], [user, "failed", "root-user"]);
    }
  });

  test("fails a name, since the image decides what it stands for", async ({ signal }) => {
    assert.match(
      (await verdict("app", signal)).reason,
      /^it is not known to be non-root: its user is app, and not a number/,
    );
  });
});

describe("the check base-images", () => {
  const rootfs = (...diff_ids: string[]) => ({ rootfs: { type: "layers", diff_ids } });
  const [one, two, three] = ["1", "2", "3"].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string, string];

  test("compares layers with those of a base in the same repository, and no label outweighs them", async ({
    signal,
  }) => {
    await using images = await builtImages();
    const base = images.image({ ...rootfs(one, two) });
    const index = images.index({ ...base, ...AMD64 });
    const built = images.image({ ...rootfs(one, two, three) });
    const claims = {
      "org.opencontainers.image.base.name": images.repository,
      "org.opencontainers.image.base.digest": base.digest,
    };
    const other = images.image({ ...rootfs(two, one, three), config: { Labels: claims } });
    for (const digest of [base.digest, index.digest]) {
      const settings = { baseImages: { allow: [`${images.repository}@${digest}`], trustLabels: true } };
      const passed = await images.judge(settings, built.digest, signal);
      assert.deepEqual([passed.state, passed.evidence?.["by"]], ["passed", "layers"]);
      assert.equal((await images.judge(settings, other.digest, signal)).code, "base-not-allowed");
    }
  });

  test("takes no base without layers, and waits for one that cannot be read", async ({ signal }) => {
    await using images = await builtImages();
    const scratch = images.image({ ...rootfs() });
    const built = images.image({ ...rootfs(one) });
    const allow = (digest: string) =>
      images.judge({ baseImages: { allow: [`${images.repository}@${digest}`] } }, built.digest, signal);
    assert.equal((await allow(scratch.digest)).code, "base-not-allowed");
    await assert.rejects(allow(`sha256:${"0".repeat(64)}`), { code: "not-found" });
  });

  test("takes the builder's word only where it is trusted, and says so", async ({ signal }) => {
    await using images = await builtImages();
    const built = images.image({
      config: {
        Labels: { "org.opencontainers.image.base.name": "python:3.12", "org.opencontainers.image.base.digest": one },
      },
    });
    const judged = (...allow: string[]) =>
      images.judge({ baseImages: { allow, trustLabels: true } }, built.digest, signal);
    const passed = await judged("docker.io/library/*");
    assert.equal(passed.evidence?.["by"], "labels");
    assert.match(passed.reason, /which is its builder's word$/);
    assert.equal((await judged(`docker.io/library/python@${one}`)).state, "passed");
    assert.equal((await judged(`docker.io/library/python@${two}`)).code, "base-not-allowed");
    assert.equal((await judged(`docker.io/library/node@${one}`)).code, "base-not-allowed");
    const untrusted = { baseImages: { allow: [`docker.io/library/python@${one}`] } };
    assert.match(
      (await images.judge(untrusted, built.digest, signal)).reason,
      /^no allowed base lies in its repository/,
    );
    assert.throws(() => checkOf({ baseImages: { allow: ["docker.io/library/*"] } }), /trustLabels: true/);
  });
});

test("several checks of one image read it once", async ({ signal }) => {
  await using images = await builtImages();
  const subject = images.subject(images.image({ config: { User: "1000" } }).digest);
  const before = images.registry.requests.length;
  for (const settings of [{ user: { nonRoot: true } }, { size: { max: "1Gi" } }, { age: { maxAge: "30d" } }]) {
    assert.equal((await checkOf(settings, clock).judge(subject, signal)).state, "passed");
  }
  assert.equal(images.registry.requests.length - before, 2, "a manifest and its configuration");
});
