import { pick, type Random } from '@sparrow/testkit';

/** Templates and data made at random from a seed, in the syntax that the official compiler of 2019 knows. */

export interface Sample {
  wxml: string;
  data: Record<string, unknown>;
}

/** What every sample may import, include or call. */
export const SHARED: Readonly<Record<string, string>> = {
  'shared/templates.wxml':
    '<template name="card"><view class="card {{s}}" data-n="{{n}}"><text wx:if="{{b}}">{{s}}</text><block wx:else>{{n}}</block></view></template>',
  'shared/part.wxml':
    '<view class="part">{{s}}|{{n}}</view><text wx:for="{{ln}}" wx:key="*this">{{index}}={{item}},</text>',
  'shared/tools.wxs':
    'function add(a, b) { return a + b }\nfunction join(list, by) { if (!list) return "none"; var out = ""; for (var i = 0; i < list.length; i++) out += (i ? by : "") + list[i]; return out }\n' +
    'module.exports = { add: add, join: join, word: function (x) { return typeof x === "string" ? "<" + x + ">" : "no" }, four: 4 }',
};

export function createSample(random: Random): Sample {
  const list = (length: number) =>
    Array.from({ length }, (_, id) => ({ id, n: Math.floor(random() * 9), s: pick(random, WORDS) }));
  const data = {
    s: pick(random, WORDS),
    n: Math.floor(random() * 20) - 5,
    f: pick(random, [0.5, -1.25, 1e21, 0]),
    b: random() < 0.5,
    z: null,
    o: { s: pick(random, WORDS), n: Math.floor(random() * 9), b: random() < 0.5, l: [1, 2] },
    l: list(Math.floor(random() * 4)),
    ln: Array.from({ length: Math.floor(random() * 4) }, () => Math.floor(random() * 9)),
    ev: pick(random, ['tap', 'onTap']),
  };
  const writer = new Writer(random);
  return { wxml: writer.file(), data };
}

const WORDS = ['', 'a', 'word', 'two words', '中文', '0', '<b>', 'x-y'] as const;
const NAMES = [
  's',
  'n',
  'f',
  'b',
  'z',
  'o.s',
  'o.n',
  'o.b',
  'o.l[1]',
  'gone',
  'o.gone',
  "o['s']",
  'ln[0]',
  'ln.length',
];
const BINARY = ['+', '-', '*', '/', '%', '<', '>', '<=', '>=', '==', '!=', '===', '!==', '&&', '||'];

class Writer {
  readonly #random: Random;
  #scopes: string[] = [];
  #left = 22;

  constructor(random: Random) {
    this.#random = random;
  }

  #is(chance: number): boolean {
    return this.#random() < chance;
  }

  file(): string {
    const head = ['<wxs module="m" src="shared/tools.wxs"/>', '<import src="shared/templates.wxml"/>'];
    const templates = this.#is(0.4)
      ? [`<template name="own">${this.#children(2)}</template>`, '<template name="other">{{s}}-{{n}}</template>']
      : [];
    this.#left = 22;
    const uses = templates.length > 0 ? [this.#use("{{b ? 'own' : 'other'}}")] : [];
    return [...head, ...templates, this.#children(0), ...uses].join(pick(this.#random, ['', '\n']));
  }

  #use(is: string): string {
    const data = pick(this.#random, ['...o', 's, n', 's: n + 1, n, b: b', '...o, b: true', 'n: o.n, ...o', '']);
    return `<template is="${is}"${data && ` data="{{${data}}}"`}/>`;
  }

  #children(depth: number): string {
    const count = Math.floor(this.#random() * (depth > 3 ? 2 : 4));
    let out = '';
    for (let i = 0; i < count && this.#left > 0; i++) out += this.#node(depth);
    return out;
  }

  #node(depth: number): string {
    this.#left -= 1;
    const kind = this.#random();
    if (kind < 0.3) return this.#text();
    if (kind < 0.38) return this.#use('card');
    if (kind < 0.42) return '<include src="shared/part.wxml"/>';
    if (kind < 0.55) return this.#chain(depth);
    if (kind < 0.7) return this.#loop(depth);
    if (kind < 0.75) return `<block>${this.#children(depth + 1)}</block>`;
    return this.#element(depth, '');
  }

  #element(depth: number, directive: string): string {
    const tag = pick(this.#random, ['view', 'text', 'image', 'my-comp', 'button']);
    const attributes = this.#attributes();
    const inner = tag === 'image' ? '' : tag === 'text' ? this.#text() : this.#children(depth + 1);
    return `<${tag}${directive}${attributes}>${inner}</${tag}>`;
  }

  #chain(depth: number): string {
    const branch = (directive: string): string =>
      this.#is(0.4)
        ? `<block ${directive}>${this.#children(depth + 1)}</block>`
        : this.#element(depth, ` ${directive}`);
    const parts = [branch(`wx:if="{{${this.#expression(2)}}}"`)];
    if (this.#is(0.4)) parts.push(branch(`wx:elif="{{${this.#expression(2)}}}"`));
    if (this.#is(0.5)) parts.push(branch('wx:else'));
    return parts.join(pick(this.#random, ['', '\n  ']));
  }

  #loop(depth: number): string {
    const list = pick(this.#random, ['l', 'l', 'ln', 'o.l', '3', "'xyz'", 'o', 'gone', '[1, s, n]']);
    const item = pick(this.#random, ['item', 'it', 'row']);
    const index = pick(this.#random, ['index', 'i']);
    const names = `${item === 'item' ? '' : ` wx:for-item="${item}"`}${index === 'index' ? '' : ` wx:for-index="${index}"`}`;
    const key = list === 'l' ? ' wx:key="id"' : ' wx:key="*this"';
    const directive = ` wx:for="{{${list}}}"${names}${key}`;
    this.#scopes.push(index, ...(list === 'l' ? [`${item}.n`, `${item}.s`] : [item]));
    const out = this.#is(0.5)
      ? `<block${directive}>${this.#children(depth + 1)}</block>`
      : this.#element(depth, directive);
    this.#scopes = this.#scopes.slice(0, list === 'l' ? -3 : -2);
    return out;
  }

  #attributes(): string {
    const out: string[] = [];
    const value = (): string =>
      this.#is(0.5)
        ? `{{${this.#expression(2)}}}`
        : `${pick(this.#random, ['', 'a ', 'x-', '&lt;'])}{{${this.#expression(1)}}}${pick(this.#random, ['', ' z'])}`;
    if (this.#is(0.4))
      out.push(`class="${pick(this.#random, ['', 'one '])}${this.#is(0.6) ? `{{${this.#expression(2)}}}` : 'two'}"`);
    if (this.#is(0.2)) out.push(`style="color: {{${this.#expression(1)}}}; width: 1rpx"`);
    if (this.#is(0.2)) out.push(`id="i{{${this.#expression(1)}}}"`);
    if (this.#is(0.2)) out.push(`data-one="${value()}"`);
    if (this.#is(0.15)) out.push(`data-two-words="${value()}"`);
    if (this.#is(0.1)) out.push(this.#is(0.5) ? 'hidden' : `hidden="{{${this.#expression(1)}}}"`);
    if (this.#is(0.25)) out.push(`title="${value()}"`);
    if (this.#is(0.15)) out.push(`long-name="${value()}"`);
    if (this.#is(0.15)) out.push(`list="{{[${this.#expression(1)}, ${this.#expression(1)}]}}"`);
    if (this.#is(0.15)) out.push(`obj="{{ {k: ${this.#expression(1)}, s} }}"`);
    if (this.#is(0.15))
      out.push(
        pick(this.#random, [
          'bindtap="f"',
          'catchtap="{{ev}}"',
          'bind:my-event="f"',
          'capture-bind:touchstart="f"',
          'capture-catch:tap="f"',
        ]),
      );
    if (this.#is(0.1)) out.push(`mark:m="{{${this.#expression(1)}}}"`);
    if (this.#is(0.08)) out.push('slot="named"');
    return out.map((attribute) => ` ${attribute}`).join('');
  }

  #text(): string {
    const parts: string[] = [];
    const count = 1 + Math.floor(this.#random() * 3);
    for (let i = 0; i < count; i++)
      parts.push(
        this.#is(0.5)
          ? pick(this.#random, ['text', ' a b ', '中', '\n  line\n', '&lt;', 'a&amp;b', '{ }', '"'])
          : `{{${this.#expression(2)}}}`,
      );
    return parts.join('');
  }

  #expression(depth: number): string {
    const kind = this.#random();
    if (depth === 0 || kind < 0.4) return pick(this.#random, [...NAMES, ...this.#scopes]);
    if (kind < 0.5) return pick(this.#random, ['1', '0', '2.5', "'q'", "''", 'true', 'false', "'a b'"]);
    const inner = (): string => this.#expression(depth - 1);
    if (kind < 0.55) return `!${this.#atom(depth)}`;
    if (kind < 0.58) return `-${this.#atom(depth)}`;
    if (kind < 0.78) return `${this.#atom(depth)} ${pick(this.#random, BINARY)} ${this.#atom(depth)}`;
    if (kind < 0.88) return `${this.#atom(depth)} ? ${this.#atom(depth)} : ${this.#atom(depth)}`;
    return pick(this.#random, [`m.add(${inner()}, ${inner()})`, `m.word(${inner()})`, "m.join(ln, '+')", 'm.four']);
  }

  #atom(depth: number): string {
    const inner = this.#expression(depth - 1);
    return /^[\w.[\]']+$/.test(inner) ? inner : `(${inner})`;
  }
}
