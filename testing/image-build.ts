import { execFile, execFileSync } from "node:child_process";
import { chownSync, copyFileSync, cpSync, existsSync, globSync, lstatSync, mkdirSync, mkdtempSync } from "node:fs";
import { readFileSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { assignments, ignoredBy, type Instruction, parseDockerfile } from "./dockerfile.ts";

const run = promisify(execFile);

/** Why images cannot be built from a Dockerfile here, or `false`. */
export const noImageBuild: string | false = (() => {
  if (process.getuid?.() !== 0) return "building an image without a builder needs root";
  try {
    execFileSync("unshare", ["--mount", "true"], { stdio: "ignore" });
    return false;
  } catch {
    return "this machine does not let root make a name space of mounts (unshare --mount)";
  }
})();

/** Why images cannot be packed here, or `false`. */
export const noImagePack: string | false = (() => {
  if (noImageBuild) return noImageBuild;
  try {
    for (const command of ["umoci", "skopeo"]) execFileSync(command, ["--version"], { stdio: "ignore" });
    return false;
  } catch {
    return "no umoci and skopeo on the PATH, which pack what was built";
  }
})();

/** How a container of the image starts. */
interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly workingDir: string;
}

/** An image that was built, as the folder that is its root. Removed when it goes out of scope. */
export interface BuiltImage extends Disposable {
  readonly root: string;
  readonly config: ImageConfig;
}

/**
 * Builds an image as its Dockerfile says, without a builder and without its base images. Each `RUN` is run in a copy of this machine's
 * root, with our own Node in it; the root of the last stage has the few libraries of this machine that Node needs in place of its base image's.
 */
export async function buildImage(dockerfile: string, context = "."): Promise<BuiltImage> {
  const folder = mkdtempSync(join(tmpdir(), "image-"));
  try {
    const ignored = ignoredBy(dockerfile);
    const uppers = new Map<string, string>();
    let built: { upper: string; config: ImageConfig } | undefined;
    for (const [at, { name, base, instructions }] of parseDockerfile(readFileSync(dockerfile, "utf8")).entries()) {
      const stage = join(folder, `stage-${at}`);
      const upper = join(stage, "upper");
      for (const part of ["upper", "work", "merged"]) mkdirSync(join(stage, part), { recursive: true });
      if (base.startsWith("node:")) copyInto(upper, nodeProgram(), "/usr/local/bin/node");
      built = { upper, config: await perform(instructions, { stage, upper, uppers, context, ignored }) };
      uppers.set(name, upper);
    }
    if (built === undefined) throw new Error(`${dockerfile} has no stage`);
    addRuntime(built.upper);
    return {
      root: built.upper,
      config: built.config,
      [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

interface Place {
  readonly stage: string;
  readonly upper: string;
  readonly uppers: ReadonlyMap<string, string>;
  readonly context: string;
  readonly ignored: (path: string) => boolean;
}

async function perform(instructions: readonly Instruction[], place: Place): Promise<ImageConfig> {
  const variables: Record<string, string> = {};
  const env: Record<string, string> = {};
  const labels: Record<string, string> = {};
  let entrypoint: readonly string[] = [];
  let command: readonly string[] = [];
  let user = "0:0";
  let workingDir = "/";
  for (const { name, flags, value } of instructions) {
    if (name === "ARG") Object.assign(variables, assignments(value, variables));
    else if (name === "LABEL") Object.assign(labels, assignments(value, variables));
    else if (name === "ENV") Object.assign(env, assignments(value, variables));
    else if (name === "USER") user = value;
    else if (name === "ENTRYPOINT") entrypoint = JSON.parse(value) as string[];
    else if (name === "CMD") command = JSON.parse(value) as string[];
    else if (name === "WORKDIR") {
      workingDir = resolve(workingDir, value);
      mkdirSync(join(place.upper, workingDir), { recursive: true });
    } else if (name === "COPY") copy(value.split(/\s+/), flags, workingDir, place);
    else if (name === "RUN") await runIn(place, workingDir, value);
    else if (name !== "EXPOSE") throw new Error(`${name} is not understood`);
  }
  return { entrypoint, command, user, env, labels, workingDir };
}

function copy(
  words: readonly string[],
  { from, chown }: Readonly<Record<string, string>>,
  workingDir: string,
  { upper, uppers, context, ignored }: Place,
): void {
  const sources = words.slice(0, -1);
  const target = words.at(-1) ?? "";
  const origin = from === undefined ? context : uppers.get(from);
  if (origin === undefined) throw new Error(`there is no stage ${from}`);
  for (const source of sources) {
    const path = join(origin, source);
    if (!existsSync(path)) throw new Error(`COPY: there is no ${source}`);
    // A folder's content goes into the target, a file under its own name where the target ends in a slash.
    const into =
      resolve(workingDir, target) + (statSync(path).isFile() && target.endsWith("/") ? `/${basename(path)}` : "");
    const to = join(upper, into);
    const taken = (one: string): boolean =>
      from !== undefined || lstatSync(one).isDirectory() || !ignored(relative(context, one));
    if (from === undefined && statSync(path).isFile() && ignored(relative(context, path))) {
      throw new Error(`COPY: the ignore file leaves out ${source}`);
    }
    mkdirSync(dirname(to), { recursive: true });
    cpSync(path, to, { recursive: true, filter: taken, verbatimSymlinks: true });
    if (chown !== undefined) owned(path, to, chown);
  }
}

/** Gives what was copied from a folder to an owner; the target itself was there before. */
function owned(source: string, target: string, chown: string): void {
  const [user = 0, group = user] = chown.split(":").map(Number);
  for (const name of readdirSync(source, { recursive: true }) as string[]) {
    if (name.includes("/") || !lstatSync(join(target, name)).isDirectory()) chownSync(join(target, name), user, group);
    else if (readdirSync(join(source, name)).length === 0) chownSync(join(target, name), user, group);
  }
}

/** Runs a command in a root that is this machine's under what the stage has so far; what it writes is the stage's. */
async function runIn({ stage, upper }: Place, workingDir: string, command: string): Promise<void> {
  const script = `
    mount -t overlay overlay -o "lowerdir=/,upperdir=$1,workdir=$2/work" "$2/merged"
    mount --rbind /dev "$2/merged/dev" && mount --rbind /proc "$2/merged/proc"
    exec chroot "$2/merged" /usr/bin/env --chdir="$3" PATH=/usr/local/bin:/usr/bin:/bin sh -ec "$4"`;
  const args = ["--mount", "sh", "-ec", script, "sh", upper, stage, workingDir, command];
  await run("unshare", args, { maxBuffer: 16 << 20 });
}

/** The program of the Node that the tests run on: the file, not what a package manager links to it. */
function nodeProgram(): string {
  return realpathSync(process.execPath);
}

function copyInto(root: string, file: string, as = file): void {
  mkdirSync(join(root, dirname(as)), { recursive: true });
  copyFileSync(realpathSync(file), join(root, as));
}

/** What Google's `cc` image has and Node needs: libraries, authorities, time zones, the user, a folder for temporary files. */
function addRuntime(root: string): void {
  const libraries = execFileSync("ldd", [nodeProgram()], { encoding: "utf8" });
  for (const [file] of libraries.matchAll(/\/\S+\.so\S*/g)) copyInto(root, file);
  for (const file of globSync("/etc/ssl/certs/ca-certificates.crt")) copyInto(root, file);
  mkdirSync(join(root, "etc"), { recursive: true });
  writeFileSync(
    join(root, "etc/passwd"),
    "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
  );
  writeFileSync(join(root, "etc/group"), "root:x:0:\nnonroot:x:65532:\n");
  writeFileSync(join(root, "etc/nsswitch.conf"), "hosts: files dns\n");
  for (const name of ["libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"]) {
    for (const file of globSync(`/lib/*-linux-gnu/${name}`)) copyInto(root, file);
  }
  execFileSync("install", ["-d", "-m", "1777", join(root, "tmp")]);
}

/** Packs a built image, for `docker load` and `ctr images import`. @returns its compressed size in bytes */
export async function packImage(
  { root, config }: Pick<BuiltImage, "root" | "config">,
  reference: string,
  archive: string,
) {
  const work = mkdtempSync(join(tmpdir(), "pack-"));
  const image = `${work}/layout:image`;
  try {
    await run("umoci", ["init", "--layout", `${work}/layout`]);
    await run("umoci", ["new", "--image", image]);
    await run("umoci", ["insert", "--image", image, root, "/"]);
    const options = [
      ...config.entrypoint.flatMap((word) => ["--config.entrypoint", word]),
      ...config.command.flatMap((word) => ["--config.cmd", word]),
      ...Object.entries(config.env).flatMap(([name, value]) => ["--config.env", `${name}=${value}`]),
      ...Object.entries(config.labels).flatMap(([name, value]) => ["--config.label", `${name}=${value}`]),
      "--config.user",
      config.user,
      "--config.workingdir",
      config.workingDir,
    ];
    await run("umoci", ["config", "--image", image, ...options]);
    rmSync(archive, { force: true });
    await run("skopeo", ["--insecure-policy", "copy", "-q", `oci:${image}`, `docker-archive:${archive}:${reference}`]);
    const blobs = globSync(`${work}/layout/blobs/sha256/*`);
    return blobs.reduce((sum, blob) => sum + statSync(blob).size, 0);
  } finally {
    rmSync(work, { recursive: true });
  }
}
