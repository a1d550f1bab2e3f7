/** Every code a compiler diagnostic can have. `docs/errors.md` is generated from this list. */
export const DIAGNOSTIC_CODES = [
  'APP_JSON_MISSING',
  'JSON_INVALID',
  'CONFIG_INVALID',
  'PAGE_MISSING',
  'COMPONENT_MISSING',
  'FILE_MISSING',
  'IMPORT_CYCLE',
  'PATH_OUTSIDE_PROJECT',
  'WXML_SYNTAX',
  'WXML_WARNING',
  'WXSS_SYNTAX',
  'WXSS_SELECTOR',
  'WXS_SYNTAX',
  'SCRIPT_SYNTAX',
  'NPM_MISSING',
  'PACKAGE_TOO_LARGE',
] as const;
export type DiagnosticCode = (typeof DIAGNOSTIC_CODES)[number];

/** A finding of the compiler about one place of the project. */
export interface Diagnostic {
  code: DiagnosticCode;
  severity: 'error' | 'warning';
  message: string;
  /** Path inside the project, with forward slashes. */
  file: string;
  /** From 1; 0 when the whole file is meant. */
  line: number;
  /** From 1; 0 when unknown. */
  column: number;
  /** The lines around the place with a marker under it; empty when there is no place. */
  frame: string;
  /** What to do about it. */
  hint: string;
}
