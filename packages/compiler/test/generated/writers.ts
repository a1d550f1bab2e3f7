/** Sheets and WXS modules made at random, and ways to spoil a file that no reader can take for right. */

import { pick, type Random } from '@sparrow/testkit';

const times = (random: Random, most: number, one: () => string, by = ''): string =>
  Array.from({ length: 1 + Math.floor(random() * most) }, one).join(by);

const SIMPLE = [
  '.a',
  '.b-c',
  '#id',
  'view',
  'text',
  '.a.b',
  '.中文',
  'page',
  '::before',
  '.x::after',
  '[data-a="1"]',
  '*',
];
const JOINED = [' ', '>', '+', '~', ', ', ' > '];
const VALUES = [
  '1rpx',
  '-0.5rpx',
  '10px',
  '50%',
  'calc(100% - 20rpx)',
  'var(--x, 3rpx)',
  '#fff',
  'rgba(0, 0, 0, .5)',
  '"a}b"',
  'url("data:image/png;base64,AA==")',
  '0 1rpx 2px red',
];
const NAMES = ['width', 'margin', 'color', '--x', 'content', 'background', 'box-shadow', '-webkit-line-clamp'];

/** A style sheet that is right. */
export function writeSheet(random: Random): string {
  const selector = () => times(random, 3, () => pick(random, SIMPLE), pick(random, JOINED));
  const declarations = () =>
    times(random, 4, () => `${pick(random, NAMES)}: ${pick(random, VALUES)}${pick(random, ['', ' !important'])};`, ' ');
  const rule = () => `${selector()} { ${declarations()} }`;
  const block = (): string => {
    const kind = random();
    if (kind < 0.6) return rule();
    if (kind < 0.7)
      return `@media (min-width: ${pick(random, ['100rpx', '20em'])}) { ${times(random, 2, rule, '\n')} }`;
    if (kind < 0.8) return '@keyframes k { from { top: 1rpx } 50.5% { top: 2px } to { top: 0 } }';
    if (kind < 0.9) return `/* ${pick(random, ['}', '{', '"', 'rpx'])} */`;
    return `@font-face { font-family: "f"; src: url(data:font/woff;base64,AA==); }`;
  };
  return times(random, 6, block, pick(random, ['\n', ' ', '\r\n']));
}

/** A WXS module that is right. */
export function writeWxs(random: Random): string {
  const names = ['a', 'b', 'in_', 'list', '$x', 'value'];
  const expression = (depth: number): string => {
    const kind = depth <= 0 ? random() * 0.4 : random();
    if (kind < 0.2) return pick(random, names);
    if (kind < 0.4)
      return pick(random, ['1', '-2.5', "'q'", '"}"', 'true', 'null', 'undefined', '[]', '({})', '0x1f', '1e3']);
    const inner = () => expression(depth - 1);
    if (kind < 0.6)
      return `(${inner()} ${pick(random, ['+', '-', '*', '%', '===', '<', '&&', '||', '&', '>>'])} ${inner()})`;
    if (kind < 0.7) return `(${inner()} ? ${inner()} : ${inner()})`;
    if (kind < 0.78) return `[${inner()}, ${inner()}]`;
    if (kind < 0.86) return `({ a: ${inner()}, 'b-c': ${inner()} })`;
    if (kind < 0.93) return `${pick(random, names)}[${inner()}]`;
    return `(function (x) { return ${inner()} })`;
  };
  const statement = (depth: number): string => {
    const body = () => `{ ${times(random, 2, () => statement(depth - 1), ' ')} }`;
    const kind = depth <= 0 ? random() * 0.4 : random();
    if (kind < 0.2) return `var ${pick(random, names)} = ${expression(2)};`;
    if (kind < 0.4) return `${pick(random, names)} = ${expression(2)};`;
    if (kind < 0.55) return `if (${expression(1)}) ${body()}${pick(random, ['', ` else ${body()}`])}`;
    if (kind < 0.65) return `for (var i = 0; i < 3; i++) ${body()}`;
    if (kind < 0.72) return `while (${expression(1)}) { break; }`;
    if (kind < 0.8) return `switch (${expression(1)}) { case 1: ${statement(0)} break; default: ${statement(0)} }`;
    // One in a block shares its scope with the variables of the block, which is an error in JavaScript.
    if (kind < 0.9 || depth < 2) return `// ${pick(random, ["it's", '{', '/*'])}\n`;
    return `function ${pick(random, names)}(${pick(random, ['', 'p', 'p, q'])}) { ${statement(depth - 1)} return ${expression(1)}; }`;
  };
  return `${times(random, 5, () => statement(2), '\n')}\nmodule.exports = { f: function (a) { return a } };`;
}

/** A template that nobody can read, made of one that is right. */
export function spoilTemplate(random: Random, text: string): string {
  const element = `<view class="a">${text}</view>`;
  return pick(random, [
    () => `${text}<view class="a`,
    () => `${text}<view class="{{a`,
    () => `${element.slice(0, -'</view>'.length)}`,
    () => `${text}</view>`,
    () => `${element.slice(0, -'</view>'.length)}</viw>`,
    () => `<view a="{{${pick(random, ['b +', '(b', 'b ? c', '[b', "'b", 'b..c', '1 2', 'f(', '{a: 1'])}}}"/>${text}`,
    () => `${text}<text>{{${pick(random, ['b +', '(b', 'b ? c', '[b', 'b c', '* b'])}}}</text>`,
    () => `${text}<text/><view wx:elif="{{a}}"/>`,
    () => `${text}<text/><view wx:else/>`,
    () => `<view><view wx:if="{{a}}"/><text>x</text><view wx:else/></view>${text}`,
    () => `<wxs module="bad">var a = ;</wxs>${text}`,
    () => `${text}<wxs module="bad">module.exports = {`,
  ])();
}

/** A sheet that nobody can read. */
export function spoilSheet(random: Random, text: string): string {
  return pick(random, [
    () => `${text}\n.z { color: red`,
    () => `${text}\n.z { color: "red; }`,
    () => `${text}\n/* not closed`,
    () => `.z { color: red; }}\n${text}`,
    () => `${text}\n.z { color red; }`,
    () => `${text}\n.z { width: calc(1px + 2px; }`,
    () => `@media (min-width: 1px) { .z { color: red }\n${text}`,
  ])();
}

/** A WXS module that nobody can read. */
export function spoilWxs(random: Random, text: string): string {
  return pick(random, [
    () => `${text}\nvar a = ;`,
    () => `${text}\nfunction (`,
    () => `${text}\nif (a {`,
    () => `${text}\nvar s = 'not closed`,
    () => `${text}\n/* not closed`,
    () => `}\n${text}`,
    () => `var a b;\n${text}`,
    () => `${text}\n{ a: [1, 2 }`,
    () => `${text}\nreturn return`,
  ])();
}
