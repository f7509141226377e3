import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createResolver } from "@executor-registry/resolver";
import { noDockerRegistry, startDockerRegistry } from "../../../testing/docker-registry.ts";
import { sectionsOf, shellIn } from "../../../testing/documented.ts";
import { exampleService } from "../../../testing/example-service.ts";
import { kubernetesServer } from "../../../testing/kubernetes-server.ts";
import { pushImage } from "../../../testing/push.ts";
import { parseConfig } from "./config/parse-config.ts";
import { PACKAGE_RULES, VARIABLE_RULES } from "./capabilities/rules.ts";

const DOCUMENT = "docs/capabilities.md";
const sections = await sectionsOf(DOCUMENT);
const section = (heading: string) => {
  const found = sections.find((one) => one.heading === heading);
  assert.ok(found, `${DOCUMENT} has no section "${heading}"`);
  return found;
};
/** @param args that prove that it works */
const isHere = (
  program: string,
  args: readonly string[] = program === "docker" ? ["buildx", "inspect"] : ["version"],
) => {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

describe(DOCUMENT, { timeout: 120_000 }, () => {
  test("has no commands in sections of which these tests know nothing", () => {
    assert.deepEqual(
      sections.filter(({ commands }) => commands.length > 0).map(({ heading }) => heading),
      ["Ask by what you need", "Declare", "Attach an SBOM"],
    );
  });

  test("asks as it says", { skip: !isHere("curl", ["--version"]) && "curl is not here" }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "capabilities-docs-"));
    try {
      const shell = await shellIn(folder);
      await using service = await exampleService();
      const [commands = ""] = section("Ask by what you need").commands;
      const printed = await shell(commands, { EXECUTOR_REGISTRY_URL: service.url });
      assert.match(printed, /^ml +1\.4\.0 +registry/m);
      assert.match(printed, /^docker\.io\/library\/executor-ml@sha256:[0-9a-f]{64}$/m);
      assert.equal(printed.match(/^cuda +label +executor-registry\.dev\/capabilities$/gm)?.length, 2);
      assert.match(printed, /\{"ml":\{"version":"1\.4\.0","capabilityDetails":\[\{"name":"amd64","from":"platform"/);
      assert.match(
        await shell("executor-registry journal --kind capabilities-found", { EXECUTOR_REGISTRY_URL: service.url }),
        /^\d+ .*it has amd64$/m,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("declares in a configuration that the service takes", () => {
    const [configuration = ""] = section("Declare").configurations;
    const { executors } = parseConfig(configuration, DOCUMENT);
    assert.deepEqual(executors.types["ml"]?.capabilities, ["gpu", "cuda=12.4"]);
  });

  test("declares in development as it says", async () => {
    const [commands = ""] = section("Declare").commands;
    const annotated = [...commands.matchAll(/^kubectl annotate (\w+) (\S+) (\S+)='(.+)'$/gm)];
    assert.equal(annotated.length, 2);
    for (const [, kind = "", name = "", annotation = "", value = ""] of annotated) {
      await using server = await kubernetesServer({ "/apis/batch/v1": { resources: [{ name: "cronjobs" }] } });
      const pod = { spec: { containers: [{ name: "executor", image: "executor-ml:1" }] } };
      server.put(
        name,
        {
          metadata: { name, annotations: { [annotation]: value } },
          spec: { suspend: true, jobTemplate: { spec: { template: pod } } },
          data: { ml: "executor-ml:1" },
        },
        `${kind}s`,
      );
      const kubernetes = server.api();
      const resolver = createResolver({ environment: "development", kubernetes, sources: ["declared", "configmap"] });
      assert.equal((await resolver.resolve({ needs: ["pytorch=2.4", "cuda>=12"] })).type, "ml");
      await resolver.close();
      kubernetes.close();
    }
  });

  for (const commands of section("Attach an SBOM").commands) {
    const programs = commands.split("\n").map((line) => line.split(" ")[0] ?? "");
    const missing = programs.filter((program) => !isHere(program));
    const skip =
      noDockerRegistry || (missing.length > 0 && `${missing.join(", ")}: not here, so this is not tried: ${commands}`);
    test(`attaches an SBOM by ${programs.join(", ")}`, { skip }, async () => {
      const folder = mkdtempSync(join(tmpdir(), "attach-docs-"));
      try {
        await using registry = await startDockerRegistry();
        await pushImage(registry, "team/executor-ml", "1.0.0", { size: 16 });
        writeFileSync(join(folder, "Dockerfile"), "FROM scratch\nLABEL a=b\n");
        const shell = await shellIn(folder);
        if (programs.includes("cosign")) await shell("COSIGN_PASSWORD= cosign generate-key-pair");
        await shell(commands, { IMAGE: `${registry.host}/team/executor-ml:1.0.0`, COSIGN_PASSWORD: "" });
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  test("names every capability and every variable of the rules, or says that there are more", () => {
    const text = readFileSync(DOCUMENT, "utf8");
    for (const { capability } of [...PACKAGE_RULES, ...VARIABLE_RULES])
      assert.ok(text.includes(`\`${capability}\``), capability);
  });
});
