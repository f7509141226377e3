import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startOddRegistry } from "../../../../testing/odd-registry.ts";
import { attackedService } from "../testing/attacked-service.ts";

const NAME = "ml-team/executor-ml";
const EVIL = "evil/executor-ml";
const SECRET = "s3cret-of-the-sender";

describe("events that lie", () => {
  test("get nothing served, whatever they claim was pushed, signed or scanned", async () => {
    await using registry = await startOddRegistry();
    await using elsewhere = await startOddRegistry();
    const good = registry.image(NAME, "1.0.0");
    const evil = registry.image(EVIL, "9.0.0", { config: { created: "2099-01-01T00:00:00Z" } });
    const foreign = elsewhere.image(NAME, "9.0.0", { config: { created: "2098-01-01T00:00:00Z" } });
    const forged = `sha256:${"e".repeat(64)}`;
    const webhook = (name: string, kind: string) => ({
      name,
      kind,
      source: "main",
      headers: { Authorization: { env: "SENDER" } },
    });
    await using attacked = await attackedService(
      {
        sources: [
          {
            name: "main",
            kind: "oci",
            host: registry.host,
            insecure: true,
            repositories: ["*/executor-*"],
            interval: "1d",
          },
        ],
        checks: { approvedNamespaces: [`${registry.host}/ml-team/*`] },
        webhooks: [webhook("own", "distribution"), webhook("harbor", "harbor")],
      },
      {},
      { SENDER: SECRET },
    );
    await attacked.serves("ml", good.digest);

    const push = (target: object) => ({ events: [{ id: "1", action: "push", target }] });
    const scanned = (digest: string, url: string) => ({
      type: "SCANNING_COMPLETED",
      event_data: { resources: [{ digest, resource_url: url }], repository: { repo_full_name: EVIL } },
    });
    const events: readonly (readonly [string, string, unknown, readonly number[]])[] = [
      ["a digest that does not exist", "own", push({ repository: NAME, tag: "9.9.9", digest: forged }), [202]],
      ["an image of elsewhere", "own", push({ repository: NAME, tag: "9.0.0", digest: foreign.digest }), [202]],
      [
        "another registry in the name",
        "own",
        push({ repository: `${elsewhere.host}/${NAME}`, tag: "9.0.0" }),
        [202, 400],
      ],
      ["a tag that is not there", "own", push({ repository: NAME, tag: "99.0.0", digest: evil.digest }), [202]],
      ["a way out of the repository", "own", push({ repository: `${NAME}/../../${EVIL}`, tag: "9.0.0" }), [400]],
      ["an encoded way out", "own", push({ repository: `${NAME}%2f..%2f..`, tag: "9.0.0" }), [400]],
      ["a tag that is a path", "own", push({ repository: NAME, tag: `../../${EVIL}/manifests/9.0.0` }), [202]],
      [
        "a signature that is not there",
        "own",
        push({ repository: EVIL, tag: `${evil.digest.replace(":", "-")}.sig` }),
        [202],
      ],
      ["a scan that never was", "harbor", scanned(evil.digest, `${registry.host}/${EVIL}@${evil.digest}`), [202]],
      ["a scan elsewhere", "harbor", scanned(evil.digest, `${elsewhere.host}/${EVIL}@${evil.digest}`), [202]],
      [
        "a deletion that never was",
        "own",
        { events: [{ id: "1", action: "delete", target: { repository: NAME, digest: good.digest } }] },
        [202],
      ],
      ["a list for a name", "own", push({ repository: [NAME], tag: "9.0.0" }), [400]],
      ["a verdict", "own", { ...push({ repository: EVIL, tag: "9.0.0" }), state: "admitted", verdicts: [] }, [202]],
      ["no event", "own", "[]", [400]],
      ["very much", "own", push({ repository: NAME, tag: "x".repeat(2 << 20) }), [413]],
    ];
    const post = (name: string, body: string, token = SECRET) =>
      attacked.post(`/webhooks/${name}`, body, { authorization: token });
    for (const [name, to, body, statuses] of events) {
      // Each is sent twice: what was said again is no truer.
      for (let n = 0; n < 2; n += 1) {
        const response = await post(to, typeof body === "string" ? body : JSON.stringify(body));
        assert.ok(statuses.includes(response.status), `${name}: ${response.status} ${await response.text()}`);
      }
      assert.equal((await post(to, JSON.stringify(body), `Bearer ${SECRET}`)).status, name === "very much" ? 413 : 401);
    }
    await attacked.refresh();
    assert.match(await attacked.keptOut("ml", { repository: `${registry.host}/${EVIL}` }), /^namespace-not-allowed/);
    const known = (await attacked.versions("ml")).map(({ digest }) => digest);
    assert.deepEqual(known.toSorted(), [good.digest, evil.digest].toSorted());
    await attacked.serves("ml", good.digest, [evil.digest, foreign.digest, forged]);
    assert.equal(elsewhere.requests.length, 0, "an event does not say where a registry is");
  });
});
