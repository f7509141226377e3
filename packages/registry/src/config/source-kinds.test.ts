import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { silentLogger, repositoryNamed } from "@executor-registry/resolver";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { createNaming } from "../model/naming.ts";
import { makeSources } from "./source-kinds.ts";
import { InvalidConfigurationError, parseConfig } from "./parse-config.ts";

const CLOUDS = `
sources:
  - name: aws
    kind: ecr
    regions: [eu-west-1, us-gov-west-1]
    registryId: "123456789012"
    roleArn: arn:aws:iam::123456789012:role/executors
    repositories: ["team/executor-*"]
  - name: google
    kind: artifact-registry
    project: acme-prod
    locations: [europe-west4, europe]
    repositories: ["acme-prod/**"]
    interval: 1m
    requests: { perSecond: 50 }
`;
const surroundings = {
  naming: createNaming({ template: "executor-{type}" }),
  template: "executor-{type}",
  clock: manualClock(),
  random: () => 0.5,
  log: silentLogger,
};

describe("sources of a configuration", () => {
  test("in the clouds are made without loading their libraries, which is for the first scan", async () => {
    const { scanned: made } = makeSources(parseConfig(CLOUDS, "registry.yaml").sources, surroundings);
    assert.deepEqual(
      made.map(({ source, polling }) => [source.name, source.kind, polling.interval]),
      [
        ["aws", "ecr", 300_000],
        ["google", "artifact-registry", 60_000],
      ],
    );
    const [aws, google] = made.map(({ source }) => source);
    assert.equal(aws?.rank(repositoryNamed("123456789012.dkr.ecr.us-gov-west-1.amazonaws.com/team/executor-ml")), 1);
    assert.equal(google?.rank(repositoryNamed("eu.gcr.io/acme-prod/executor-ml")), 1);
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    assert.deepEqual(
      loaded.filter((file) => /@aws-sdk|@smithy|google-auth-library|gaxios/.test(file)),
      [],
    );
    for (const { source } of made) await source.close();
  });

  test("of cloud providers have their mistakes reported with what was expected", () => {
    const text = `
sources:
  - { name: aws, kind: ecr, regions: [], registryId: "12", roleArn: executors, repositories: ["**"] }
  - { name: us, kind: ecr, regions: [Ireland], registryId: 123456789012, repositories: ["**"], region: eu-west-1 }
  - { name: google, kind: artifact-registry, project: "4711", locations: [Europe], repositories: ["**"] }
`;
    const mistakes = ((): readonly string[] => {
      try {
        parseConfig(text, "registry.yaml");
      } catch (error) {
        assert.ok(error instanceof InvalidConfigurationError);
        return error.mistakes.map(({ path, message }) => `${path}: ${message}`);
      }
      return [];
    })();
    assert.deepEqual(mistakes, [
      "sources[0].regions: Too small: expected array to have >=1 items",
      "sources[0].registryId: expected an account's 12 digits, in quotes",
      "sources[0].roleArn: expected arn:aws:iam::ACCOUNT:role/NAME",
      "sources[1].regions[0]: expected a region, such as eu-west-1",
      "sources[1].registryId: expected an account's 12 digits, in quotes",
      "sources[1].region: there is no such setting",
      "sources[2].project: expected a project's ID, not its number",
      "sources[2].locations[0]: expected a location, such as europe-west4 or europe",
    ]);
  });
});
