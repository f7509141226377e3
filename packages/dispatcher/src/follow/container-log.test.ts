import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { silentLogger } from "@executor-registry/resolver";
import { fakeApi, kubernetesError } from "../testing/fake-api.ts";
import { followContainerLog } from "./container-log.ts";

const line = (second: number, text: string): string => `2026-11-23T10:00:${String(second).padStart(2, "0")}.5Z ${text}`;

/** Plays one stream after the other: its lines, then its error if it has one. When the last begins, the container has ended. */
function scripted(...streams: readonly (string | Error)[][]) {
  const lines: string[] = [];
  const since: unknown[] = [];
  const waits: number[] = [];
  const warnings: string[] = [];
  const ended = new AbortController();
  if (streams.length === 1) ended.abort();
  const api = fakeApi({
    async *lines(_, { query }) {
      since.push(query?.["sinceTime"]);
      for (const part of streams[since.length - 1] ?? []) {
        if (part instanceof Error) throw part;
        yield Buffer.from(part);
      }
    },
  });
  const follow = (onLog = (text: string): unknown => lines.push(text)) =>
    followContainerLog({
      api,
      namespace: "here",
      pod: "pod-1",
      container: "executor",
      onLog,
      ended: ended.signal,
      signal: new AbortController().signal,
      random: () => 1,
      clock: {
        now: () => 0,
        async sleep(ms) {
          waits.push(ms);
          if (since.length === streams.length - 1) ended.abort();
        },
      },
      log: { ...silentLogger, warn: (_, message) => warnings.push(message) },
    });
  return { follow, lines, since, waits, warnings };
}

describe("following a container's log", () => {
  test("it ends with the first reading that began after the container's end", async () => {
    const { follow, lines, since } = scripted([line(1, "a"), line(5, "b")], [line(5, "b"), line(5, "c")]);
    assert.equal(await follow(), true);
    assert.deepEqual(lines, ["a", "b", "c"]);
    assert.deepEqual(since, [undefined, "2026-11-23T10:00:04Z"]);
  });

  test("failures that pass are waited out, longer each time, until a line comes", async () => {
    const notReady = kubernetesError("kubernetes-api", { status: 400 });
    const cut = kubernetesError("unreachable");
    const { follow, lines, waits } = scripted([notReady], [cut], [line(1, "a"), cut], [line(1, "a"), line(2, "b")]);
    assert.equal(await follow(), true);
    assert.deepEqual(lines, ["a", "b"]);
    assert.deepEqual(waits, [500, 1000, 500]);
  });

  test("a pod that is gone, or a log that may not be read, is not complete", async () => {
    for (const error of [kubernetesError("not-found", { status: 404 }), kubernetesError("too-large")]) {
      const { follow, warnings } = scripted([line(1, "a"), error]);
      assert.equal(await follow(), false);
      assert.equal(warnings.length, 1);
    }
  });

  test("what the node says itself is no line of the executor", async () => {
    const { follow, lines, warnings } = scripted([line(1, "a"), "failed to watch the file"]);
    assert.equal(await follow(), true);
    assert.deepEqual(lines, ["a"]);
    assert.equal(warnings.length, 1);
  });

  test("each line waits for the one before it", async () => {
    const { follow } = scripted([line(1, "a"), line(1, "b")]);
    const order: string[] = [];
    await follow(async (text) => {
      order.push(`${text} begins`);
      await Promise.resolve();
      order.push(`${text} ends`);
    });
    assert.deepEqual(order, ["a begins", "a ends", "b begins", "b ends"]);
  });

  test("what onLog throws is not swallowed", async () => {
    const broken = new Error("the reader is gone");
    const { follow } = scripted([line(1, "a")]);
    await assert.rejects(
      follow(() => {
        throw broken;
      }),
      broken,
    );
  });
});
