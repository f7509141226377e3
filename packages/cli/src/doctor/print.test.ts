import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fakeIo } from "../testing/fake-io.ts";
import type { Report } from "./check.ts";
import { printReport } from "./print.ts";

const report: Report = {
  checks: [
    { name: "cluster", state: "ok", detail: "answers" },
    { name: "rbac: nodes", state: "warn", detail: "may not", fix: "apply\nthe roles\n" },
    { name: "namespace", state: "fail", detail: "is not there" },
  ],
  manifest: "kind: Role\n---\nkind: RoleBinding\n",
};

describe("the doctor's report", () => {
  test("is a table, with fixes below what they fix, and a manifest to copy", () => {
    const expected = `ok     cluster       answers
warn   rbac: nodes   may not
       apply
       the roles
fail   namespace     is not there

1 ok, 1 warn, 1 fail

# What is missing, for \`kubectl apply -f -\`:
kind: Role
---
kind: RoleBinding
`;
    const io = fakeIo();
    io.stdout.print(printReport(report));
    assert.equal(io.written().stdout, expected);
  });

  test("has coloured states on a terminal, in the same columns", () => {
    const io = fakeIo({ terminal: true });
    io.stdout.print(printReport(report));
    const [line = ""] = io.written().stdout.split("\n");
    assert.equal(line, "\u001b[32mok\u001b[39m     cluster       answers");
  });
});
