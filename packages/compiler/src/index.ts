/** Compiles a WeChat-format mini-program project to the runtime package of `@sparrow/protocol`. */
export type { CompiledPackage } from './build.ts';
export { type Compiler, type CompilerOptions, createCompiler, type PackageUpdate } from './compiler.ts';
export { codeFrame } from './diagnostics.ts';
export { CompilerError, type CompilerErrorCode } from './errors.ts';
export { writePackage } from './write-package.ts';
