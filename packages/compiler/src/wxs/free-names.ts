import type { Identifier, MemberExpression, Node, Property } from 'acorn';
import { childrenOf } from './parse.ts';

/**
 * Names that a program uses and does not declare. Blocks count as part of their function: a `let` of a block hides a
 * global name in the whole function, which no real program notices.
 */
export function freeNames(program: Node): Set<string> {
  return namesOf(program).free;
}

interface Names {
  free: Set<string>;
}

function namesOf(root: Node): Names {
  const declared = new Set<string>();
  const used = new Set<string>();
  const visit = (node: Node, parent: Node | undefined, key: string, pattern: boolean): void => {
    if (node !== root && isFunction(node)) {
      const { id } = node as Node & { id?: Identifier | null };
      if (node.type === 'FunctionDeclaration' && id) declared.add(id.name);
      for (const name of namesOf(node).free) used.add(name);
      return;
    }
    if (node.type === 'Identifier') {
      if (isPropertyName(parent, key)) return;
      const names = pattern ? declared : used;
      names.add((node as Identifier).name);
      return;
    }
    for (const [name, child] of childrenOf(node)) visit(child, node, name, declares(node, name, pattern));
  };
  if (isFunction(root)) declared.add('arguments');
  visit(root, undefined, '', false);
  return { free: new Set([...used].filter((name) => !declared.has(name))) };
}

function isFunction(node: Node): boolean {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
}

/** True when the identifiers below a property of a node are declarations. */
function declares(node: Node, key: string, pattern: boolean): boolean {
  switch (node.type) {
    case 'VariableDeclarator':
    case 'ClassDeclaration':
    case 'ClassExpression':
      return key === 'id';
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return key === 'id' || key === 'params';
    case 'CatchClause':
      return key === 'param';
    case 'AssignmentPattern':
      return pattern && key === 'left';
    case 'Property':
      return pattern && key === 'value';
    case 'ObjectPattern':
    case 'ArrayPattern':
    case 'RestElement':
      return pattern;
    default:
      return false;
  }
}

/** True for the `b` of `a.b` and of `{ b: 1 }`, and for labels: these are no variables. */
export function isPropertyName(parent: Node | undefined, key: string): boolean {
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
