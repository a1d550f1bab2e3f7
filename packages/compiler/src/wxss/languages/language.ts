import type { SourceFile } from '../../project/source-tree.ts';

/** What a style language made of a file and of those that it imports. */
export interface CompiledCss {
  css: string;
  /** Source map v3 as JSON; its sources are `sheetUrl`s. */
  map: string;
}

/** A fault that a style language found, where it says it is. */
export class LanguageFault extends Error {
  /** Project path of the file. */
  readonly path: string;
  /** From 1; 0 when the language names no place. */
  readonly line: number;
  readonly column: number;
  constructor(message: string, place: { path: string; line: number; column: number }) {
    super(message);
    this.name = 'LanguageFault';
    this.path = place.path;
    this.line = place.line;
    this.column = place.column;
  }
}

/** The files that a style language may read: those of the project, by project path. */
export interface SheetFiles {
  read(path: string): SourceFile | undefined;
}

/** @throws LanguageFault */
export type StyleLanguage = (file: SourceFile, files: SheetFiles) => CompiledCss;

const SCHEME = 'project:/';

/** The name that a language knows a file by: relative names are resolved against it, and nothing on the disk is meant. */
export const sheetUrl = (path: string): string => SCHEME + path.split('/').map(encodeURIComponent).join('/');

/** Project path of a name that `sheetUrl` made, or that a language made of one. */
export function sheetPath(url: string): string {
  const path = url.startsWith(SCHEME) ? url.slice(SCHEME.length) : url;
  return decodeURIComponent(path).replace(/^\/+/, '');
}
