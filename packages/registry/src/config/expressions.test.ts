import assert from "node:assert/strict";
import { test } from "node:test";
import { readWholeConfig } from "./parse-config.ts";

const text = (rule: string, more = ""): string => `checks:
  approvedNamespaces: ["**"]
  policies:
    - name: default
      expression:
        rule: ${JSON.stringify(rule)}
${more}`;

test("an expression's mistakes are reported at its line, in the parser's words", async () => {
  for (const [rule, message] of [
    ["image.user ==", /^registry\.yaml:6: checks\.policies\[0\]\.expression\.rule: Unexpected token: EOF/],
    ["image.usr == ''", /registry\.yaml:6: .*No such key: usr \(at character 7\)/],
    ["image.user == 1", /no such overload: string == int/],
    ["image.user", /it is of the type string, not bool/],
  ] as const) {
    await assert.rejects(readWholeConfig(text(rule), "registry.yaml"), ({ message: said }: Error) => {
      assert.match(said.split("\n").slice(1).join("\n").trim(), message);
      return true;
    });
  }
  const message = "        messageExpression: image.sizeBytes\n";
  const refused = readWholeConfig(text("true", message), "registry.yaml");
  await assert.rejects(refused, /registry\.yaml:7: .*messageExpression: it is of the type int, not string/);
});

test("an expression that can be read is taken", async () => {
  const { checks } = await readWholeConfig(text("image.user != ''"), "registry.yaml");
  assert.ok(checks !== undefined && checks !== "none");
  assert.equal(checks.policies[0]?.expression?.rule, "image.user != ''");
});
