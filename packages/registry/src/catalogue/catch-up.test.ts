import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "@executor-registry/resolver";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { StoreError } from "../journal/store-errors.ts";
import { sharedMemoryStore } from "../stores/testing/shared-memory.ts";
import { Catalogue } from "./catalogue.ts";

test("a catalogue does not wait for a shared store that has been away for a while", async () => {
  const shared = sharedMemoryStore();
  const state = { away: false, asked: 0 };
  const store = {
    ...shared,
    async head() {
      state.asked += 1;
      if (state.away) throw new StoreError("test:", "it is away", { retryable: true });
      return shared.head();
    },
  };
  const clock = manualClock();
  const catalogue = await Catalogue.open({ store, rank: () => 0, clock, log: silentLogger });
  await catalogue.catchUp();
  state.away = true;
  await clock.advance(4999);
  await assert.rejects(catalogue.catchUp(), /it is away/);
  const { asked } = state;
  await clock.advance(1);
  await assert.rejects(catalogue.catchUp(), { code: "store", retryable: true, message: /could not be read for 5 s/ });
  assert.equal(state.asked, asked);
  // Who follows it notices that it is back.
  state.away = false;
  await catalogue.refresh();
  await catalogue.catchUp();
});
