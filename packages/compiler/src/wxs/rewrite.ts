import { type Identifier, type MemberExpression, type Node, type Property, tokenizer, tokTypes } from 'acorn';
import MagicString from 'magic-string';
import { withoutSuffix } from '../paths.ts';
import { type Reference, referenceTo } from '../references.ts';
import { freeNames, isPropertyName } from './free-names.ts';
import { WXS_GLOBALS } from './library.ts';
import { nodesOf, parseWxs, safeName, type WxsSyntaxError } from './parse.ts';

export interface WxsCode {
  /** Body of `(require, exports, module) => { … }`; it uses `__wxs` of the library. */
  code: string;
  /** Paths without suffix. */
  requires: Reference[];
}

/** Names that a module has without a declaration. */
const PROVIDED = new Set(['require', 'exports', 'module', 'undefined']);

/**
 * Turns a WXS module into JavaScript with the semantics of WXS: `constructor` is a string, names of JavaScript's global
 * objects are undefined, words like `class` are ordinary names, `require` paths become absolute without suffix.
 *
 * @param path project path of the module or of the template that holds it; relative requires start from its folder
 */
export function rewriteWxs(source: string, path: string): WxsCode | WxsSyntaxError {
  const parsed = parseWxs(source);
  if ('message' in parsed) return parsed;
  const { program, text } = parsed;
  const edit = new MagicString(text);
  const requires: Reference[] = [];
  for (const { node, parent, key } of nodesOf(program)) {
    if (node.type === 'Identifier') {
      if (!isPropertyName(parent, key)) rename(edit, node as Identifier, parent, key);
    } else if (node.type === 'MemberExpression') {
      rewriteConstructor(edit, text, node as MemberExpression, parent, key);
    } else if (node.type === 'ThisExpression') {
      edit.overwrite(node.start, node.end, '__wxs.t(this)');
    } else if (node.type === 'CallExpression') {
      const pattern = stringArgument(node, 'getRegExp');
      if (pattern) edit.overwrite(pattern.start, pattern.end, keepEscapes(text.slice(pattern.start, pattern.end)));
      const literal = stringArgument(node, 'require');
      if (!literal) continue;
      const reference = referenceTo(path, withoutSuffix(literal.value, '.wxs'), literal.start);
      requires.push(reference);
      edit.overwrite(literal.start, literal.end, JSON.stringify(`/${reference.path}`));
    }
  }
  const free = [...freeNames(program)].filter((name) => !PROVIDED.has(name)).map(safeName);
  const declarations = free.map((name) => (WXS_GLOBALS.has(name) ? `${name}=__wxs.g.${name}` : name));
  // On the first line, so that line numbers stay; the line break at the end closes a line comment.
  if (declarations.length > 0) edit.prepend(`var ${declarations.join(',')};`);
  return { code: `${edit.toString()}\n`, requires };
}

function rename(edit: MagicString, node: Identifier, parent: Node | undefined, key: string): void {
  const safe = safeName(node.name);
  if (safe === node.name) return;
  // `{ a }` is parsed as a key and a value at one place.
  const shorthand = parent?.type === 'Property' && key === 'value' && (parent as Property).shorthand;
  edit.overwrite(node.start, node.end, shorthand ? `${node.name}:${safe}` : safe);
}

function rewriteConstructor(
  edit: MagicString,
  text: string,
  node: MemberExpression,
  parent: Node | undefined,
  key: string,
): void {
  const { property, computed } = node;
  const name =
    property.type === 'Identifier' && !computed
      ? property.name
      : property.type === 'Literal'
        ? property.value
        : undefined;
  const written =
    (parent?.type === 'AssignmentExpression' && key === 'left') ||
    parent?.type === 'UpdateExpression' ||
    (parent?.type === 'UnaryExpression' && (parent as Node & { operator?: string }).operator === 'delete');
  if (name !== 'constructor' || written || node.object.type === 'Super') return;
  edit.appendLeft(node.start, '__wxs.c(');
  // What an optional chain goes on with after `constructor` is still skipped when there is nothing to ask.
  const goesOn =
    (parent?.type === 'MemberExpression' && key === 'object') ||
    (parent?.type === 'CallExpression' && key === 'callee');
  const skips = goesOn && isOptional(node) && !(parent as MemberExpression).optional;
  const dot = parent?.type === 'MemberExpression' && !(parent as MemberExpression).computed ? '?' : '?.';
  edit.overwrite(operatorAt(text, node.object.end, property.start), node.end, skips ? `)${dot}` : ')');
}

/** Offset of `.`, `?.` or `[` between an object and its property: past parentheses that close, white space and comments. */
function operatorAt(text: string, from: number, to: number): number {
  for (const token of tokenizer(text.slice(from, to), { ecmaVersion: 'latest' }))
    if (token.type !== tokTypes.parenR) return from + token.start;
  return from;
}

/** A link of the chain up to here is optional (`a?.b.c`); parentheses end a chain. */
function isOptional(node: Node): boolean {
  if (node.type !== 'MemberExpression' && node.type !== 'CallExpression') return false;
  const { optional, object, callee } = node as Node & { optional: boolean; object?: Node; callee?: Node };
  const inner = object ?? callee;
  return optional || (inner !== undefined && isOptional(inner));
}

/** The first argument of a call of this function, when it is a string literal. */
function stringArgument(node: Node, name: string): { value: string; start: number; end: number } | undefined {
  const call = node as Node & { callee: Node & { name?: string }; arguments: (Node & { value?: unknown })[] };
  const [argument] = call.arguments;
  if (call.callee.type !== 'Identifier' || call.callee.name !== name || argument?.type !== 'Literal') return undefined;
  return typeof argument.value === 'string'
    ? { value: argument.value, start: argument.start, end: argument.end }
    : undefined;
}

/**
 * In WXS the pattern of getRegExp is written with single backslashes (`getRegExp('\\d+')`), which a JavaScript string would lose:
 * `'\\d'` becomes `'\\\\d'`. An escaped backslash, quote or line break stays.
 */
function keepEscapes(literal: string): string {
  return literal.replace(/\\([\s\S])/g, (all, next: string) => (/[\\'"\n\r]/.test(next) ? all : `\\${all}`));
}
