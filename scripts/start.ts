import { spawnSync } from "node:child_process";

// Stands in for a cluster: the same questions, asked of a folder of images that this repository ships.
const LAYOUT = "examples/layout";
const cli = [
  "--conditions=executor-registry-source",
  "--disable-warning=ExperimentalWarning",
  "packages/cli/src/main.ts",
];

function show(...args: string[]): void {
  console.log(`$ npm run -s cli -- ${args.join(" ")}`);
  const { status } = spawnSync(process.execPath, [...cli, ...args], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
  console.log();
}

console.log(`Executors in the OCI image layout ${LAYOUT}. No cluster and no registry is contacted.\n`);
show("list", "--layout", LAYOUT);
show("resolve", "ml", "--explain", "--layout", LAYOUT);
console.log(`Next:
  npm run -s cli -- resolve ml --layout ${LAYOUT} -o json
      the whole answer
  npm run -s cli -- list
      the executors of your current Kubernetes context
  npm run -s cli -- doctor
      what it can see there, and how to fix what it cannot
  npm run -s cli -- help`);
