import type { Diagnostic } from '@sparrow/protocol';
import { type TransformFailure, transform } from 'esbuild';
import { createDiagnostic } from '../diagnostics.ts';
import { CompileBroken } from '../guard.ts';
import { bracketLimit, LIMITS } from '../limits.ts';
import { phrase } from '../phrase.ts';
import { parseJson } from '../project/json-file.ts';
import type { SourceFile } from '../project/source-tree.ts';
import { withoutDeadZones } from './dead-zones.ts';

/** One compiled script. */
export interface Script {
  /** Body of `function (require, module, exports, …)`. After a syntax error it throws that error. */
  code: string;
  /** Source map v3 as JSON; `""` for JSON modules. */
  map: string;
  /** Literals of `require("…")` calls, static imports included. */
  requires: string[];
  diagnostics: Diagnostic[];
}

/** Larger scripts are left out: nobody writes them, and a parser would stop everything else meanwhile. */
export const MAX_SCRIPT_BYTES = 2 * 1024 * 1024;

/** A call with a literal path, up to the path's end: quote, path. It may be `require.async`, or have functions to call back. */
export const REQUIRE = /\brequire(?:\.async)?\(\s*(["'])((?:(?!\1)[^\\\n])+)\1(?=\s*[,)])/g;

/** Compiles JavaScript or TypeScript to a CommonJS module, JSON to one that exports its value. */
export async function compileScript(file: SourceFile): Promise<Script> {
  if (file.path.endsWith('.json')) return compileJson(file);
  const limit = bracketLimit(file, LIMITS.scriptBrackets);
  if (limit) return failedScript(limit);
  try {
    const { code, map } = await transform(file.text, {
      loader: file.path.endsWith('.ts') ? 'ts' : 'js',
      format: 'cjs',
      target: 'es2022',
      sourcemap: 'external',
      sourcefile: file.display,
      // Without minification nothing is renamed: stacks and `function.name` show the user's names.
      charset: 'utf8',
      logLevel: 'silent',
      tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
    });
    const requires = [...new Set([...code.matchAll(REQUIRE)].map((match) => match[2]!))];
    return { code: withoutDeadZones(code), map, requires, diagnostics: [] };
  } catch (error) {
    const failure = error as Partial<TransformFailure>;
    // The compiler's process has ended: nothing can be compiled any more.
    if (!Array.isArray(failure.errors)) throw new CompileBroken(file, error);
    const diagnostics = failure.errors.slice(0, LIMITS.findings).map(({ text, location }) =>
      createDiagnostic(file, {
        code: 'SCRIPT_SYNTAX',
        message: text,
        hint: phrase`correct the script at this place`,
        at: location ? { line: location.line, column: byteColumn(location.lineText, location.column) + 1 } : undefined,
      }),
    );
    return failedScript(...diagnostics);
  }
}

/** A script that is not compiled; when something requires it, it throws what is wrong with it. */
export function failedScript(...diagnostics: Diagnostic[]): Script {
  const [first] = diagnostics;
  const text = first ? `${first.message} (${first.file}:${first.line}:${first.column})` : 'syntax error';
  return { code: `throw new SyntaxError(${JSON.stringify(text)});\n`, map: '', requires: [], diagnostics };
}

/** esbuild counts columns in UTF-8 bytes. */
function byteColumn(line: string, bytes: number): number {
  return Buffer.from(line).subarray(0, bytes).toString('utf8').length;
}

function compileJson(file: SourceFile): Script {
  const json = parseJson(file);
  let value: unknown = json.value;
  try {
    if (json.diagnostics.length === 0) value = JSON.parse(file.text);
  } catch {
    // Comments, or a fault that the diagnostics tell.
  }
  return { code: `module.exports = ${JSON.stringify(value)};\n`, map: '', requires: [], diagnostics: json.diagnostics };
}
