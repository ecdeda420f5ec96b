/// <reference types="vitest/config" />
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { thirdPartyNotices } from "./third-party.js";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  base: "/",
  plugins: [thirdPartyNotices()],
  build: {
    outDir: at("../gateway/console/pages"),
    emptyOutDir: true,
    target: "es2022",
    // Nothing inline: the pages' policy allows scripts and styles from files only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: at("index.html") },
      // How long a plugin took says nothing on a machine that does other things, too.
      checks: { pluginTimings: false },
    },
  },
  // While one develops: the pages from here, the API of a console that runs.
  server: { proxy: { "/api": "http://127.0.0.1:8090" } },
  test: { include: ["src/**/*.test.{ts,tsx}"] },
});
