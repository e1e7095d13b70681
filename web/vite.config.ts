/// <reference types="vitest/config" />
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";


const server = process.env["OSLER_URL"] ?? "http://127.0.0.1:8080";

/*
 * The built app is the same for every tenant: index.html names its files relative to itself, and the server writes
 * the tenant's own path in front of them (osler.gateway serves /{tenant}/app/…), so a deep link finds them too.
 */
export default defineConfig(({ command }) => ({
  base: command === "build" ? "./" : "/demo/app/",
  plugins: [react(), tailwindcss()],
  server: { proxy: { "^/[a-z0-9-]+/(graphql|auth|fhir)": { target: server, changeOrigin: false } } },
  build: {
    outDir: "../src/osler/web_dist",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      // "use client" means nothing in an app without a server part.
      onLog: (level, log, handler) => (log.code === "MODULE_LEVEL_DIRECTIVE" ? undefined : handler(level, log)),
    },
  },
  test: {
    environment: "happy-dom",
    setupFiles: ["src/testing/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    testTimeout: 15_000,
  },
}));
