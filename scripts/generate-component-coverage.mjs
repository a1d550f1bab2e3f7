// Writes docs/component-coverage.md: every attribute and event of every component of the reference, and whether Sparrow has
// it. That is read from the source of the components: an attribute counts when its class (or one it extends) asks for it
// by name, an event when it emits it; where the name of the event is not written in the call, the texts of the file are
// the names that it may have. `--check` writes nothing and fails when the table is stale.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { COMPONENT_REFERENCE } from './component-reference.mjs';
import { root } from './lib.mjs';

const folder = join(root, 'packages/runtime/src/components');
const target = join(root, 'docs/component-coverage.md');
const check = process.argv.includes('--check');
/** Methods of WxElement by which a component reads an attribute, and those by which it tells of one. */
const READS = new Set(['text', 'flag', 'number', 'length', 'has', 'get']);
/** Not read by a class: style sheets, the gestures of the view and the tree applier see to them. */
const ELSEWHERE = {
  view: ['hover-class', 'hover-stop-propagation', 'hover-start-time', 'hover-stay-time'],
  button: [
    'size',
    'type',
    'plain',
    'loading',
    'hover-class',
    'hover-stop-propagation',
    'hover-start-time',
    'hover-stay-time',
  ],
  navigator: ['hover-class', 'hover-stop-propagation', 'hover-start-time', 'hover-stay-time'],
  text: ['selectable', 'user-select', 'space', 'decode'],
  canvas: ['type', 'canvas-id', 'touchstart', 'touchmove', 'touchend', 'touchcancel', 'longtap'],
};

const { BUILTIN_COMPONENTS } = await import('../packages/protocol/src/builtin-components.ts');
const classes = readClasses();
const registered = readRegistry();
const rows = [...COMPONENT_REFERENCE].map(([name, reference]) => rowOf(name, reference));
const text = table();

if (!check) writeFileSync(target, text);
else if (readOr(target) !== text) {
  process.stderr.write('docs/component-coverage.md is stale: run node scripts/generate-component-coverage.mjs\n');
  process.exitCode = 1;
}
process.stdout.write(`${summary()}\n`);

/** class → { parent, names, emits }: every name that it asks for or tells. */
function readClasses() {
  const found = new Map();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
    const source = ts.createSourceFile(file, readFileSync(join(folder, file), 'utf8'), ts.ScriptTarget.Latest, true);
    for (const statement of source.statements) {
      if (!ts.isClassDeclaration(statement) || !statement.name) continue;
      const parent = statement.heritageClauses?.[0]?.types[0]?.expression.getText();
      found.set(statement.name.text, { parent, ...namesIn(statement) });
    }
  }
  return found;
}

function namesIn(declaration) {
  const attributes = new Set();
  const events = new Set();
  const textsOf = (node) => {
    if (ts.isStringLiteralLike(node)) return [node.text];
    if (ts.isConditionalExpression(node)) return [...textsOf(node.whenTrue), ...textsOf(node.whenFalse)];
    if (ts.isIdentifier(node)) return loopTexts(node);
    return [];
  };
  const visit = (node) => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const [first] = node.arguments;
      const method = node.expression.name.text;
      if (first && READS.has(method)) for (const name of textsOf(first)) attributes.add(name);
      if (first && method === 'emit' && textsOf(first).length === 0)
        for (const name of textsIn(declaration.getSourceFile())) events.add(name);
      if (first && (method === 'emit' || method === 'changed'))
        for (const name of textsOf(first)) (method === 'emit' ? events : attributes).add(name);
    }
    // `name === 'src'`, `case 'src':` in attributeGiven, and lists of names.
    if (ts.isBinaryExpression(node) && node.left.getText() === 'name')
      for (const name of textsOf(node.right)) attributes.add(name);
    if (ts.isCaseClause(node)) for (const name of textsOf(node.expression)) attributes.add(name);
    if (ts.isArrayLiteralExpression(node))
      for (const element of node.elements)
        for (const name of ts.isStringLiteralLike(element) ? [element.text] : []) attributes.add(name);
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return { attributes, events };
}

/** Every text and every key in a file. */
function textsIn(source) {
  const texts = new Set();
  const visit = (node) => {
    if (ts.isStringLiteralLike(node)) texts.add(node.text);
    if (ts.isPropertyAssignment(node)) texts.add(node.name.getText());
    ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}

/** The texts that a `for (const name of [...])` gives its variable. */
function loopTexts(identifier) {
  for (let node = identifier.parent; node; node = node.parent) {
    if (!ts.isForOfStatement(node)) continue;
    const variable = node.initializer.declarations?.[0]?.name.getText();
    if (variable !== identifier.text) continue;
    const texts = [];
    const collect = (inner) => {
      if (ts.isStringLiteralLike(inner)) texts.push(inner.text);
      ts.forEachChild(inner, collect);
    };
    collect(node.expression);
    return texts;
  }
  return [];
}

/** Component → its class, from registry.ts. */
function readRegistry() {
  const source = readFileSync(join(folder, 'registry.ts'), 'utf8');
  return new Map([...source.matchAll(/'wx-([\w-]+)': (\w+)/g)].map(([, name, type]) => [name, type]));
}

function rowOf(name, { attributes, events }) {
  const has = { attributes: new Set(ELSEWHERE[name]), events: new Set(ELSEWHERE[name]) };
  for (let type = registered.get(name); type && classes.has(type); type = classes.get(type).parent) {
    for (const attribute of classes.get(type).attributes) has.attributes.add(attribute);
    for (const event of classes.get(type).events) has.events.add(event);
  }
  const dashed = (text) => text.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return {
    name,
    state: BUILTIN_COMPONENTS[name] === true ? 'yes' : BUILTIN_COMPONENTS[name] || 'no',
    attributes: attributes.map((each) => [each, has.attributes.has(each) || has.attributes.has(dashed(each))]),
    events: events.map((each) => [each, has.events.has(each)]),
  };
}

function count(kind) {
  const all = rows.flatMap((row) => (row.state === 'yes' ? row[kind] : row[kind].map(([name]) => [name, false])));
  return `${all.filter(([, there]) => there).length} of ${all.length}`;
}
function summary() {
  const there = rows.filter(({ state }) => state === 'yes').length;
  return `${there} of ${rows.length} components, ${count('attributes')} attributes, ${count('events')} events`;
}
function readOr(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function table() {
  const list = (entries, wanted) =>
    entries
      .filter(([, there]) => there === wanted)
      .map(([name]) => `\`${name}\``)
      .join(' ');
  const line = ({ name, state, attributes, events }) => {
    if (state !== 'yes') return `| \`${name}\` | ${state} | | | | |`;
    const cells = [list(attributes, true), list(attributes, false), list(events, true), list(events, false)];
    return `| \`${name}\` | yes | ${cells.join(' | ')} |`;
  };
  return `<!-- Made by scripts/generate-component-coverage.mjs from the components. Do not edit. -->
# Component coverage

${summary()}. An attribute counts when the source of its component asks for it, an event when it emits it. A placeholder is a
box that tells the program, by the documented event, that there is nothing to show.

| Component | There | Attributes | Missing | Events | Missing |
| --- | --- | --- | --- | --- | --- |
${rows.map(line).join('\n')}
`;
}
