import type { Identifier, MemberExpression, Node, Program, Property } from 'acorn';
import MagicString from 'magic-string';
import { dirname, resolvePath, withoutSuffix } from '../paths.ts';
import { WXS_GLOBALS } from './library.ts';
import { nodesOf, parseWxs, safeName, type WxsSyntaxError } from './parse.ts';

export interface WxsRequire {
  /** What the source says. */
  literal: string;
  /** Project path without suffix; undefined when it climbs out of the project. */
  path: string | undefined;
  /** Offset in the source. */
  offset: number;
}

export interface WxsCode {
  /** Body of `(require, exports, module) => { … }`; it uses `__wxs` of the library. */
  code: string;
  requires: WxsRequire[];
}

/** Names that a module gets as parameters, or that every function has. */
const PROVIDED = new Set(['require', 'exports', 'module', 'arguments']);

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
  const requires: WxsRequire[] = [];
  const names = new Set<string>();
  for (const { node, parent, key } of nodesOf(program)) {
    if (node.type === 'Identifier') {
      const { name } = node as Identifier;
      if (isPropertyName(parent, key)) continue;
      names.add(safeName(name));
      if (safeName(name) !== name) rename(edit, node as Identifier, parent);
    } else if (node.type === 'MemberExpression') {
      rewriteConstructor(edit, text, node as MemberExpression, parent, key);
    } else if (node.type === 'ThisExpression') {
      edit.overwrite(node.start, node.end, '__wxs.t(this)');
    } else if (node.type === 'CallExpression') {
      const literal = requireLiteral(node);
      if (!literal) continue;
      const target = resolvePath(dirname(path), literal.value);
      const found = target === undefined ? undefined : withoutSuffix(target, '.wxs');
      requires.push({ literal: literal.value, path: found, offset: literal.start });
      if (found !== undefined) edit.overwrite(literal.start, literal.end, JSON.stringify(`/${found}`));
    }
  }
  const declared = topLevelNames(program);
  const free = [...names].filter((name) => !declared.has(name) && !PROVIDED.has(name) && name !== 'undefined');
  const declarations = free.map((name) => (WXS_GLOBALS.has(name) ? `${name}=__wxs.g.${name}` : name));
  // On the first line, so that line numbers stay; the line break at the end closes a line comment.
  if (declarations.length > 0) edit.prepend(`var ${declarations.join(',')};`);
  return { code: `${edit.toString()}\n`, requires };
}

/** True for the `b` of `a.b` and of `{ b: 1 }`, and for labels: these are no variables. */
function isPropertyName(parent: Node | undefined, key: string): boolean {
  switch (parent?.type) {
    case 'MemberExpression':
      return key === 'property' && !(parent as MemberExpression).computed;
    case 'Property':
    case 'MethodDefinition':
    case 'PropertyDefinition':
      return key === 'key' && !(parent as Property).computed;
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return key === 'label';
    default:
      return false;
  }
}

function rename(edit: MagicString, node: Identifier, parent: Node | undefined): void {
  const safe = safeName(node.name);
  const shorthand = parent?.type === 'Property' && (parent as Property).shorthand;
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
  edit.overwrite(text.lastIndexOf(computed ? '[' : '.', property.start), node.end, ')');
}

function requireLiteral(node: Node): { value: string; start: number; end: number } | undefined {
  const call = node as Node & { callee: Node & { name?: string }; arguments: (Node & { value?: unknown })[] };
  const [argument] = call.arguments;
  if (call.callee.type !== 'Identifier' || call.callee.name !== 'require' || argument?.type !== 'Literal')
    return undefined;
  return typeof argument.value === 'string'
    ? { value: argument.value, start: argument.start, end: argument.end }
    : undefined;
}

/** Names that the module itself declares outside of any function. */
function topLevelNames(program: Program): Set<string> {
  const names = new Set<string>();
  const visit = (node: Node, isPattern: boolean): void => {
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'ClassDeclaration': {
        const { id } = node as Node & { id: Identifier };
        names.add(safeName(id.name));
        return;
      }
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
      case 'ClassExpression':
        return;
      case 'Identifier':
        if (isPattern) names.add(safeName((node as Identifier).name));
        return;
      default:
    }
    for (const [key, value] of Object.entries(node)) {
      const pattern = node.type === 'VariableDeclarator' ? key === 'id' : isPattern && key !== 'key';
      for (const child of Array.isArray(value) ? value : [value]) {
        if (typeof child?.type === 'string') visit(child as Node, pattern);
      }
    }
  };
  visit(program, false);
  return names;
}
