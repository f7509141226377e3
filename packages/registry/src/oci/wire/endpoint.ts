/** Docker Hub's name in references is not where it answers. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "docker.io": "registry-1.docker.io",
  "index.docker.io": "registry-1.docker.io",
};

/**
 * Where a registry answers.
 * @param host `host[:port]` as in references
 */
export function endpointOf(host: string, insecure: boolean): URL {
  return new URL(`${insecure ? "http" : "https"}://${ELSEWHERE[host] ?? host}`);
}
