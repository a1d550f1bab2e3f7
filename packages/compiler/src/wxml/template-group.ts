import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { TmplGroup as Group } from 'glass-easel-template-compiler';

const require = createRequire(import.meta.url);
const PROGRAM = 'glass-easel-template-compiler/pkg/glass_easel_template_compiler_bg';

interface Wasm {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (program: object, imports: Record<string, object>) => { exports: object };
}

/**
 * The template compiler of glass-easel, a WebAssembly program. The package's own entry carries the program as text and
 * takes half a second of CPU to read that; the program itself lies beside it and is loaded in 30 ms. That counts, since
 * each project is compiled in a process of its own.
 */
function loadProgram(): new () => Group {
  const glue = require(`${PROGRAM}.js`) as {
    TmplGroup: new () => Group;
    __wbg_set_wasm(exports: object): void;
  };
  // The types of Node name WebAssembly without its values.
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly;
  const program = new Module(readFileSync(require.resolve(`${PROGRAM}.wasm`)));
  // wasm-bindgen names the glue by the file beside the program.
  const { exports } = new Instance(program, { './glass_easel_template_compiler_bg.js': glue });
  glue.__wbg_set_wasm(exports);
  return glue.TmplGroup;
}

export const TmplGroup = loadProgram();
export type TmplGroup = Group;
