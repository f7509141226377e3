import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";

test("a program that awaits does not end while the server is out of reach", async () => {
  const program = `
    import { deleteJob } from "@executor-registry/dispatcher";
    import { KubernetesError } from "@executor-registry/resolver/kubernetes";
    let calls = 0;
    const request = async () => {
      if ((calls += 1) > 2) return;
      throw new KubernetesError("unreachable", "away", { method: "DELETE", path: "/", server: "https://double" });
    };
    await deleteJob({ request }, { namespace: "here", name: "job" }, { random: () => 0.02 });
    console.log("done after", calls);
  `;
  const options = [
    "--conditions=executor-registry-source",
    "--disable-warning=ExperimentalWarning",
    "--input-type=module",
  ];
  const child = spawn(process.execPath, [...options, "--eval", program], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  const [code] = (await once(child, "close")) as [number];
  assert.deepEqual([code, output], [0, "done after 3\n"]);
});
