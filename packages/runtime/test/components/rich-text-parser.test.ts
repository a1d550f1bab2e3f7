import { expect, it } from 'vitest';
import { parseRichText, type RichNode } from '../../src/components/rich-text-parser.ts';

/** Nodes as short text: `b[i["x"]]`. */
const short = (nodes: readonly RichNode[]): string =>
  nodes
    .map((node) => ('text' in node ? JSON.stringify(node.text) : `${node.name}[${short(node.children ?? [])}]`))
    .join(' ');

it.each([
  ['a <b>c</b> d', '"a " b["c"] " d"'],
  ['<p title="a > b">x</p>', 'p["x"]'],
  ["<p title='<b>'>x", 'p["x"]'],
  ['<!-- <b>no</b> -->x<!doctype html>y', '"x" "y"'],
  ['<!-- open > x', '" x"'],
  ['1 < 2 and 3 > 2', '"1 < 2 and 3 > 2"'],
  ['<b>a<br>b<br/>c', 'b["a" br[] "b" br[] "c"]'],
  ['<p>a</div>b</p>c', 'p["a" "b"] "c"'],
  ['<script>if (1 < 2) { "<b>" }</script>x', '"x"'],
  ['<p title="never closed>x</p>', '"<p title=\\"never closed>x"'],
  ['&lt;b&gt; &#20013;&yen;', '"<b> 中¥"'],
])('%s is %s', (html, expected) => {
  expect(short(parseRichText(html))).toBe(expected);
});

it('keeps long attributes, and takes a tag without an end for text', () => {
  const data = `data:image/png;base64,${'A'.repeat(100_000)}`;
  expect(parseRichText(`<img src="${data}">`)).toMatchObject([{ name: 'img', attrs: { src: data } }]);
  expect(short(parseRichText(`<b ${'x '.repeat(5_000)}>y`))).toMatch(/^"<b x/);
});

it.each(['<a ', '<a "', '<!', '<!--', '<a><b', '</a', "<a x='", '<a></b>', '<i>'])(
  'ends in good time with a text of %s again and again',
  (piece) => {
    let depth = 0;
    const walk = (nodes: readonly RichNode[], level: number): void => {
      depth = Math.max(depth, level);
      for (const node of nodes) if ('children' in node) walk(node.children ?? [], level + 1);
    };
    for (const end of ['', '>']) walk(parseRichText(piece.repeat(100_000) + end), 0);
    expect(depth).toBeLessThanOrEqual(200);
  },
);
