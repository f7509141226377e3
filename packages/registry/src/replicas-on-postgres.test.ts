import { noPostgresServer, startPostgresServer } from "../../../testing/postgres-server.ts";
import { replicasSuite } from "./testing/replicas-suite.ts";

replicasSuite("PostgreSQL", {
  skip: noPostgresServer,
  async start() {
    const server = await startPostgresServer();
    return {
      address: (name) => `${server.address}?schema=${name}`,
      stop: () => server.stop(),
      start: () => server.start(),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
});
