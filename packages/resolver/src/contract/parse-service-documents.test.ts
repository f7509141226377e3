import assert from "node:assert/strict";
import { test } from "node:test";
import { holdsAsParser } from "../testing/document-suite.ts";
import { SERVICE_OPERATIONS } from "./operations.ts";
import { parseHealth, parseJournalPage, parseRefreshResult, parseVersionsPage } from "./parse-service-documents.ts";

const at = "2026-11-01T00:00:00.000Z";
const digest = `sha256:${"a".repeat(64)}`;
const progress = { repositories: 1, repositoriesRead: 1, tags: 2, tagsRead: 2 };
const problem = { code: "unreachable", message: "connection refused" };
const PARSERS = {
  "versions page": [
    (json: unknown) => parseVersionsPage(json, "ml"),
    {
      type: "ml",
      total: 1,
      versions: [
        {
          image: `registry.test/executor-ml@${digest}`,
          digest,
          version: "1.0.0",
          tags: ["1.0.0"],
          tagsOmitted: 3,
          capabilities: ["cuda"],
          owner: "ml-team",
          created: at,
          pushed: at,
          sizeBytes: 12,
          platforms: ["linux/amd64"],
          source: "main",
          state: "withdrawn",
          current: false,
          verdicts: [{ check: "runnable", state: "passed", reason: "it has layers" }],
          found: at,
          added: at,
          validated: true,
          validatedAt: at,
          withdrawn: { at, reason: "no tag names it" },
        },
      ],
      unread: [{ repository: "registry.test/executor-ml", tag: "2", digest, code: "timeout", reason: "no answer" }],
      unreadTotal: 1,
      candidates: [
        {
          image: "executor-ml:1",
          version: "1",
          names: ["executor-ml:1"],
          evidence: [{ kind: "none", detail: "only" }],
        },
      ],
    },
  ],
  "journal page": [
    parseJournalPage,
    {
      entries: [
        {
          sequence: 1,
          at,
          actor: "source:main",
          reason: "poll",
          change: { kind: "image-tagged", type: "ml", digest, tags: ["1"] },
          previous: "0".repeat(64),
          hash: "1".repeat(64),
        },
      ],
    },
  ],
  "refresh result": [
    parseRefreshResult,
    {
      scans: [
        {
          source: "main",
          repositories: 1,
          changes: 0,
          unread: 0,
          requests: 3,
          complete: false,
          incomplete: ["tag 2 could not be read"],
          progress,
          problem,
        },
      ],
    },
  ],
  health: [
    parseHealth,
    {
      status: "degraded",
      reason: "not read completely: main",
      version: "0.1.0",
      executors: 1,
      journal: {
        sequence: 1,
        hash: "1".repeat(64),
        verified: { sequence: 1, at },
        broken: { sequence: 1, message: "the hash is wrong" },
      },
      sources: [
        {
          name: "main",
          kind: "oci",
          state: "failing",
          completed: at,
          attempted: at,
          problem,
          incomplete: ["tag 2 could not be read"],
          progress,
          repositories: 1,
          unread: 1,
          requests: 3,
        },
      ],
      queues: [{ name: "events", failing: true }],
      judging: { due: 2, late: 1 },
      replica: { name: "registry-0", leading: false, leader: "registry-1", age: 7 },
    },
  ],
} as const;

for (const [name, [parse, document]] of Object.entries(PARSERS)) holdsAsParser(name, parse, document);

test("a page of versions of another type is refused", () => {
  const [, page] = PARSERS["versions page"];
  assert.throws(() => parseVersionsPage(page, "nlp"), /another executor type than nlp/);
});

test("without --wait, a refresh is accepted", () => {
  assert.deepEqual(SERVICE_OPERATIONS.refresh.parse({ accepted: true }, {}), { accepted: true });
});
