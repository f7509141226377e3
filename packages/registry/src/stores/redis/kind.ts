import { ConfigurationError } from "@executor-registry/resolver";
import type { StoreKind } from "../store-kind.ts";
import type { StoreSettings } from "../store-settings.ts";
import { parseRedisAddress, REDIS_FORMS } from "./redis-address.ts";
import type { RedisAccess } from "./redis-client.ts";

/** A Redis or Valkey server, or a cluster of them. */
export const redisKind: StoreKind = {
  schemes: ["redis", "rediss"],
  forms: REDIS_FORMS,
  takes: ["password", "ca"],
  accepts: (address) => parseRedisAddress(address) !== undefined,
  async open(settings, context) {
    const access = accessOf(settings);
    const { redisStore } = await import("./redis.ts");
    return redisStore(access, context);
  },
  async problem(settings) {
    const access = accessOf(settings);
    const { redisProblem } = await import("./redis-problem.ts");
    return redisProblem(access);
  },
  async verify(settings, context, options) {
    const access = accessOf(settings);
    const { verifyRedis } = await import("./redis-verify.ts");
    return verifyRedis(access, context, options);
  },
};

/** @throws ConfigurationError for settings that contradict each other */
function accessOf({ address, password, ca }: StoreSettings): RedisAccess {
  const parsed = parseRedisAddress(address);
  if (parsed.user !== undefined && password === undefined) {
    throw new ConfigurationError(
      `the Redis store's address names the user ${parsed.user}, but its password is missing: say where it is in \`password: {file: PATH}\``,
    );
  }
  if (ca !== undefined && !parsed.tls) {
    throw new ConfigurationError(
      "a Redis store with `ca` has an address that begins with rediss://, which is over TLS",
    );
  }
  return { address: parsed, password, ca };
}
