/** Every code a compiler diagnostic can have. `docs/errors.md` is generated from this list. */
export const DIAGNOSTIC_CODES = [
  /** There is no app.json, or it can no longer be read. */
  'APP_JSON_MISSING',
  /** A JSON file cannot be parsed. */
  'JSON_INVALID',
  /** A field of app.json, or of the JSON of a page or component, has a wrong value. */
  'CONFIG_INVALID',
  /** app.json lists a page that has no files. */
  'PAGE_MISSING',
  /** usingComponents names a component that does not exist. */
  'COMPONENT_MISSING',
  /** A file that another one names does not exist or cannot be read. */
  'FILE_MISSING',
  /** Files import each other in a circle. */
  'IMPORT_CYCLE',
  /** A path climbs above the root of the mini program. */
  'PATH_OUTSIDE_PROJECT',
  /** A template cannot be parsed. */
  'WXML_SYNTAX',
  /** A template is compiled, but probably not as meant. */
  'WXML_WARNING',
  /** A part of a style sheet cannot be parsed and is left out. */
  'WXSS_SYNTAX',
  /** A selector that does not work in a mini program. */
  'WXSS_SELECTOR',
  /** A style sheet in a language that the official tool compiles only when project.config.json lists it. */
  'PLUGIN_NOT_LISTED',
  /** app.json lists a plugin whose files are not here. */
  'PLUGIN_MISSING',
  /** A WXS module cannot be parsed or uses what WXS does not have. */
  'WXS_SYNTAX',
  /** A script cannot be parsed. */
  'SCRIPT_SYNTAX',
  /** An npm package that is named is not installed. */
  'NPM_MISSING',
  /** A file nests deeper, is longer or takes longer to compile than is sensible; it is left out. */
  'TOO_COMPLEX',
  /** The compiler itself broke on a file; it is left out, and the others are compiled. */
  'COMPILER_BROKE',
  /** A file or the whole package is larger than is sensible. */
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
  /** Both in Chinese; packages that an older compiler wrote lack it. */
  chinese?: { message: string; hint: string };
}
