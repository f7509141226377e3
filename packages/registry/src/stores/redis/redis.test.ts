import { after, before, describe } from "node:test";
import { noRedisServer, type RedisServer, startRedisServer } from "../../../../../testing/redis-server.ts";
import { conformance } from "../testing/conformance.ts";
import { redisPlace } from "../testing/redis-place.ts";
import { sharingConformance } from "../testing/sharing-conformance.ts";

describe("a Redis server", { skip: noRedisServer }, () => {
  let server: RedisServer;
  before(async () => void (server = await startRedisServer()));
  after(() => server[Symbol.asyncDispose]());
  const place = async () => redisPlace(server.host);

  conformance("redis://HOST", { place });
  sharingConformance("redis://HOST", place);
});
