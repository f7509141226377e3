import type { Store } from "../../journal/store.ts";
import type { RedisAnnouncements } from "./redis-announcements.ts";
import type { RedisConnection } from "./redis-connection.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { redisScript, runScript } from "./redis-script.ts";
import { decodeText, encodeText } from "./redis-text.ts";

/** Milliseconds between two questions while appends are announced, and while they cannot be. */
const ANNOUNCED_MS = 150;
const UNANNOUNCED_MS = 100;

/** Takes a lease that nobody else has; its note is kept when it ends. */
const LEASE = redisScript(`
  local holder = redis.call('GET', KEYS[1])
  if holder and holder ~= ARGV[1] then return {holder, redis.call('GET', KEYS[2]) or ''} end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  redis.call('SET', KEYS[2], ARGV[3])
  return {ARGV[1], ARGV[3]}
`);

const RELEASE = redisScript(`
  if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
  return 0
`);

/** What several services need that use one server. */
export function redisSharing(
  connection: RedisConnection,
  announcements: RedisAnnouncements,
  keys: RedisKeys,
): NonNullable<Store["sharing"]> {
  return {
    get pollMs() {
      return announcements.subscribed ? ANNOUNCED_MS : UNANNOUNCED_MS;
    },
    watch: (wake) => announcements.watch(wake),
    async lease(name, holder, ms, note) {
      const values = [encodeText(holder), String(Math.max(1, Math.ceil(ms))), encodeText(note)];
      const names = [keys.lease(name), keys.note(name)];
      const kept = await connection.run(({ client }) => runScript<[string, string]>(client, LEASE, names, values));
      const [whose, what] = kept;
      return { holder: decodeText(whose), note: what === "" ? "" : decodeText(what) };
    },
    release: (name, holder) =>
      connection.run(async ({ client }) => {
        await runScript(client, RELEASE, [keys.lease(name)], [encodeText(holder)]);
      }),
  };
}
