import assert from "node:assert/strict";
import { test } from "node:test";
import { noDockerRegistry, startDockerRegistry } from "../../../testing/docker-registry.ts";
import { inSmallVolume, noVolume } from "../../../testing/small-volume.ts";

test(
  "a service whose disk is full answers on, says so, loses nothing, and goes on by itself when there is room",
  { skip: noDockerRegistry || noVolume },
  async () => {
    await using registry = await startDockerRegistry();
    const { acknowledged, full, after } = (await inSmallVolume(
      new URL("testing/full-disk-service.ts", import.meta.url),
      registry.host,
    )) as FullDisk;
    assert.ok(acknowledged > 0);
    assert.deepEqual(
      [full.status, full.version, full.known],
      [503, `1.${acknowledged}.0`, acknowledged],
      "what was written is answered, and nothing that was not",
    );
    assert.equal(full.reconfigured, "store", "red-03: a configuration that cannot be written is not in force");
    const [source] = full.health.sources;
    assert.deepEqual([source?.state, source?.problem?.code], ["failing", "store"]);
    assert.match(source?.problem?.message ?? "", /catalogue\.db: the disk is full; free some space/);
    const newest = `1.${acknowledged + 1}.0`;
    assert.deepEqual([after.newest, after.restored], [newest, newest]);
    assert.deepEqual(
      after.sources.map(({ state, problem }) => [state, problem]),
      [["ready", undefined]],
    );
    assert.equal(after.entries.verified, after.entries.held);
  },
);

interface Source {
  readonly state: string;
  readonly problem?: { readonly code: string; readonly message: string };
}

/** What the process prints. */
interface FullDisk {
  /** The last version whose refresh succeeded before the disk was full. */
  readonly acknowledged: number;
  readonly full: {
    readonly status: number;
    readonly version: string;
    readonly known: number;
    /** What became of another configuration while the disk was full. */
    readonly reconfigured: string;
    readonly health: { readonly sources: readonly Source[] };
  };
  readonly after: {
    readonly newest: string;
    readonly restored: string;
    readonly sources: readonly Source[];
    readonly entries: { readonly verified: number; readonly held: number };
  };
}
