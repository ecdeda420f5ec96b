/** Writes the notices of all packages of which something is in the bundle, as their licences ask. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

interface Manifest {
  name: string;
  version: string;
  license: string;
}

const OF_A_LICENCE = /^(licen[cs]e|notice|copying)(\.|$)/i;

const INSTALLED = "/node_modules/";

/** Gives the folder of the package that a module is in; undefined for the pages' own modules. */
function packageOf(module: string): string | undefined {
  const at = module.lastIndexOf(INSTALLED);
  if (at < 0) return undefined;
  const start = at + INSTALLED.length;
  const [scope, name] = module.slice(start).split("/");
  const folder = module.slice(0, start) + (scope?.startsWith("@") ? `${scope}/${name}` : scope);
  return folder.replace(/^\0/, "");
}

function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  ) as Manifest;
  const texts = readdirSync(folder)
    .filter((file) => OF_A_LICENCE.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), "utf8").trim());
  return [`${name} ${version} (${license})`, ...texts].join("\n\n");
}

export function thirdPartyNotices(): Plugin {
  return {
    name: "third-party-notices",
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((made) => (made.type === "chunk" ? made.moduleIds : []));
      // A style sheet is no module of a chunk: it came with the modules that the graph has.
      const folders = new Set(
        [...modules, ...this.getModuleIds()].map(packageOf).filter((found) => found !== undefined),
      );
      const notices = [...folders].map(noticeOf).sort();
      const source = `${["The console's pages hold parts of these packages.", ...notices].join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
      this.emitFile({ type: "asset", fileName: "third-party.txt", source });
    },
  };
}
