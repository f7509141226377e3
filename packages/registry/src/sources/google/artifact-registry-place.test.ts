import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { repositoryNamed } from "@executor-registry/resolver";
import { artifactPlace, imageAt, mayMatch, placeOf } from "./artifact-registry-place.ts";

const DIGEST = `sha256:${"0".repeat(64)}`;

describe("a place in Artifact Registry", () => {
  const locations = ["us", "europe-west4"];
  const cases = [
    ["acme", "europe-west4-docker.pkg.dev/acme/executors/team/executor-ml", "europe-west4", "executors"],
    ["acme", "gcr.io/acme/executor-ml", "us", "gcr.io"],
    ["acme", "us.gcr.io/acme/team/executor-ml", "us", "us.gcr.io"],
    ["example.com:acme", "gcr.io/example.com/acme/executor-ml", "us", "gcr.io"],
    ["example.com:acme", "us-docker.pkg.dev/example.com/acme/executors/executor-ml", "us", "executors"],
  ] as const;
  for (const [project, name, location, repository] of cases) {
    test(`${name} is in ${repository} of ${location}, and Artifact Registry's own name for it leads back`, () => {
      const place = placeOf(project, locations, repositoryNamed(name));
      assert.deepEqual([place?.location, place?.repository], [location, repository]);
      assert.deepEqual(place, artifactPlace(project, location, repository));
      const image = name.slice(`${place?.host}/${place?.prefix}/`.length);
      const stored = `${location}-docker.pkg.dev/${project.replace(":", "/")}/${repository}`;
      const uris = [`${stored}/${image}`, `${stored}/${image.replaceAll("/", "%2F")}`, name];
      assert.ok(place);
      for (const uri of uris) {
        const named = imageAt(`${uri}@${DIGEST}`, project, place);
        assert.deepEqual([`${place.host}/${named?.path}`, named?.digest], [name, DIGEST]);
      }
    });
  }

  const elsewhere = [
    "eu.gcr.io/acme/executor-ml",
    "asia-docker.pkg.dev/acme/executors/executor-ml",
    "gcr.io/acme-other/executor-ml",
    "us-docker.pkg.dev/acme/executors",
    "us-docker.pkg.dev.evil.test/acme/executors/executor-ml",
    "docker.io/acme/executor-ml",
  ];
  for (const name of elsewhere) {
    test(`${name} is not one of this project's`, () =>
      assert.equal(placeOf("acme", locations, repositoryNamed(name)), undefined));
  }

  test("is passed over when no pattern can match what it holds", () => {
    const matching = ["**", "acme/**", "acme/exec*/**", "acme/executors/*", "*/executors/team/*", "**/executor-*"];
    for (const pattern of matching) assert.equal(mayMatch(pattern, "acme/executors"), true, pattern);
    const others = ["acme/executors", "acme/*", "acme/other/**", "other/**", "acme/exec/executor-*"];
    for (const pattern of others) assert.equal(mayMatch(pattern, "acme/executors"), false, pattern);
  });
});
