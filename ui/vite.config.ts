import { defineConfig } from 'vite';

/** One document, one script, one style sheet, all from here: the content security policy allows nothing inline and nothing from elsewhere. */
export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: { outDir: 'dist', emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: 'es2022' },
});
