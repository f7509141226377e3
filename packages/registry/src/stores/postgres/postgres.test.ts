import { after, before, describe } from "node:test";
import { noPostgresServer, type PostgresServer, startPostgresServer } from "../../../../../testing/postgres-server.ts";
import { conformance } from "../testing/conformance.ts";
import { postgresPlace } from "../testing/postgres-place.ts";
import { sharingConformance } from "../testing/sharing-conformance.ts";

describe("a PostgreSQL server", { skip: noPostgresServer }, () => {
  let server: PostgresServer;
  before(async () => void (server = await startPostgresServer()));
  after(() => server[Symbol.asyncDispose]());
  const place = async () => postgresPlace(server.address);

  conformance("postgres://USER@HOST/DATABASE", { place });
  sharingConformance("postgres://USER@HOST/DATABASE", place);
});
