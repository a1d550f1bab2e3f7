import type { Diagnostic } from '@sparrow/protocol';
import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import { createDiagnostic, type SourceText } from '../diagnostics.ts';
import { bracketLimit, sizeLimit } from '../limits.ts';
import { parserWords } from '../parser-words.ts';
import { phrase } from '../phrase.ts';

export type JsonObject = Record<string, unknown>;

/** A JSON file with the places of its values. */
export interface JsonFile {
  source: SourceText;
  /** `{}` when the file is no object. */
  value: JsonObject;
  diagnostics: Diagnostic[];
  /** Offset of the value at a path of keys, of its nearest parent when there is none. */
  offsetOf(path: (string | number)[]): number;
}

/** What an absent optional JSON file counts as. */
export function emptyJson(display: string): JsonFile {
  return { source: { display, text: '' }, value: {}, diagnostics: [], offsetOf: () => 0 };
}

/**
 * Reads JSON as the official tool does: comments are accepted. After an error it goes on with what it could read, so
 * that one wrong comma in app.json does not hide every other fault.
 */
export function parseJson(file: SourceText): JsonFile {
  const deep = bracketLimit(file) ?? sizeLimit(file);
  if (deep) return { ...emptyJson(file.display), source: file, diagnostics: [deep] };
  const errors: ParseError[] = [];
  const tree: Node | undefined = parseTree(file.text, errors, { allowTrailingComma: true });
  const value: unknown = tree && getNodeValue(tree);
  const first = errors[0];
  const diagnostics: Diagnostic[] = [];
  if (first) {
    diagnostics.push(
      createDiagnostic(file, {
        code: 'JSON_INVALID',
        message: phrase`invalid JSON: ${parserWords(words(printParseErrorCode(first.error)))}`,
        hint: phrase`correct the JSON at this place; keys and strings need double quotes`,
        at: first.offset,
      }),
    );
  } else if (!isObject(value) && file.text.trim() !== '') {
    diagnostics.push(
      createDiagnostic(file, {
        code: 'JSON_INVALID',
        message: phrase`the file must hold a JSON object`,
        hint: phrase`write { … } around its content`,
        at: 0,
      }),
    );
  }
  return {
    source: file,
    value: isObject(value) ? value : {},
    diagnostics,
    offsetOf(path) {
      for (let length = path.length; tree && length > 0; length -= 1) {
        const node = findNodeAtLocation(tree, path.slice(0, length));
        if (node) return node.offset;
      }
      return tree?.offset ?? 0;
    },
  };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `ValueExpected` → `value expected`. */
function words(name: string): string {
  return name.replace(/(?<!^)([A-Z])/g, ' $1').toLowerCase();
}

/** The entries of an object that are texts; nothing of what is no object. */
export function stringsOf(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}
