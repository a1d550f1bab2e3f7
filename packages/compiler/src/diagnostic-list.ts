import type { Diagnostic } from '@sparrow/protocol';

/** All findings of a build, each once. */
export interface DiagnosticList {
  readonly all: Diagnostic[];
  /** Numbers of the errors that break a page or component. */
  readonly broken: Record<string, number[]>;
  /** Numbers of all errors of a page or component, those that break it among them. */
  readonly faults: Record<string, number[]>;
  /** @param owner page or component that an error in the list breaks */
  add(owner: string | undefined, diagnostics: readonly Diagnostic[]): void;
}

/** Faults after which a page or component has nothing to show. A missing child or a bad sheet is none. */
const BREAKING: ReadonlySet<Diagnostic['code']> = new Set([
  'PAGE_MISSING',
  'JSON_INVALID',
  'IMPORT_CYCLE',
  'WXML_SYNTAX',
  'WXS_SYNTAX',
  'SCRIPT_SYNTAX',
  'TOO_COMPLEX',
  'COMPILER_BROKE',
]);

export function createDiagnosticList(): DiagnosticList {
  const all: Diagnostic[] = [];
  const numbers = new Map<string, number>();
  const broken: Record<string, number[]> = {};
  const faults: Record<string, number[]> = {};
  return {
    all,
    broken,
    faults,
    add(owner, diagnostics) {
      for (const diagnostic of diagnostics) {
        // Several components may lead to one fault, an imported template's for instance.
        const { file, line, column, code, message } = diagnostic;
        const key = [file, line, column, code, message].join('\0');
        const number = numbers.get(key) ?? all.push(diagnostic) - 1;
        numbers.set(key, number);
        if (owner === undefined || diagnostic.severity !== 'error') continue;
        note(faults, owner, number);
        const wholeFile = code === 'FILE_MISSING' && line === 0;
        if (!BREAKING.has(code) && !wholeFile) continue;
        note(broken, owner, number);
      }
    },
  };
}

function note(lists: Record<string, number[]>, owner: string, number: number): void {
  const list = (lists[owner] ??= []);
  if (!list.includes(number)) list.push(number);
}
