import { noRedisServer, startRedisServer } from "../../../testing/redis-server.ts";
import { replicasSuite } from "./testing/replicas-suite.ts";

replicasSuite("Redis", {
  skip: noRedisServer,
  async start() {
    const server = await startRedisServer();
    return {
      address: (name) => `redis://${server.host}/?prefix=${name}`,
      stop: () => server.stop(),
      start: () => server.start(),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
});
