/** Rows of lists: nodes inside of them are made when somebody asks, and nobody must notice. */
import { expect, it } from 'vitest';
import { inBothModes, startApp, type TestApp, useBrowser } from './harness.ts';

useBrowser();

const app = { 'app.js': 'App({ log: [] })' };

/** Every kind of thing that may stand in a row. `$` is the item. */
const ROW = `<view class="row {{$.on ? 'on' : ''}}" data-id="{{$.id}}">
  <view class="{{$.on ? 'bold' : 'thin'}} name" style="width: {{$.wide}}rpx; color: red">{{$.name}} of {{title}}</view>
  <image src="{{$.src}}" mode="aspectFit" lazy-load/>
  <text space="nbsp" user-select>{{$.text}}\\nnext</text>
  <view wx:if="{{$.on}}" id="on-{{$.id}}" hover-class="{{$.n > 2 ? 'pressed' : 'none'}}">is on {{$.n}}</view>
  <view wx:elif="{{$.n > 2}}" hidden="{{$.n > 3}}">many</view>
  <block wx:else><text>few</text></block>
  <view><view class="deep" data-deep="{{ {n: $.n} }}" bindtap="tapped">deep {{$.n}}</view></view>
  <progress percent="{{$.n}}"/><button size="mini" disabled="{{$.on}}" catchtap="tapped" data-deep="button">b</button>
  <tagged wx:if="{{$.n === 5}}" value="{{$.name}}"/>
  <block wx:if="{{$.n === 6}}"><view wx:for="{{$.parts}}" wx:for-item="part" wx:key="*this">{{part}}</view></block>
</view>`;

const page = (rows: number): Record<string, string | object> => ({
  ...app,
  'pages/a/a.json': { usingComponents: { tagged: '/c/tagged' } },
  'pages/a/a.wxss': 'image { width: 10px; height: 10px } .row { border: 1px solid }',
  // Written out, the same rows have their nodes at once.
  'pages/a/a.wxml': `<view class="list"><block wx:for="{{rows}}" wx:key="id">${ROW.replaceAll('$', 'item')}</block></view>
    <view class="plain">${Array.from({ length: rows }, (_, i) => `<block wx:if="{{rows[${i}]}}">${ROW.replaceAll('$', `rows[${i}]`)}</block>`).join('')}</view>`,
  'pages/a/a.js': `Page({
    data: { title: 'T', rows: [] },
    tapped(e) { getApp().log.push([e.currentTarget.dataset.deep, e.target.id, this.selectComponent('#none')]) },
  })`,
  'c/tagged.json': { component: true },
  'c/tagged.wxml': '<text>tagged {{value}}</text>',
  'c/tagged.js': 'Component({ properties: { value: String } })',
});

/** What the view shows of both lists; the order of attributes and of classes tells how they came about and nothing else. */
async function shown(test: TestApp): Promise<[string[], string[]]> {
  const view = await test.view();
  return view.eval('wx-page', (root) => {
    const text = (node: Node): string => {
      if (!(node instanceof Element)) return node.nodeValue ?? '';
      const attributes = [...node.attributes].map(({ name, value }) =>
        name === 'class' ? `class=${value.split(' ').sort().join(' ')}` : `${name}=${value}`,
      );
      return `<${node.localName} ${attributes.sort().join(' ')}>${[...node.childNodes].map(text).join('')}</>`;
    };
    const rows = (list: string): string[] => [...root.querySelectorAll(`.${list} > .row`)].map(text);
    return [rows('list'), rows('plain')] as [string[], string[]];
  });
}

/** Nodes of the page that the logic layer has. */
const nodes = (test: TestApp): Promise<number> =>
  test.service(
    (env) =>
      (env as never as { pages: { current(): { backend: { nodes: Map<number, unknown> } } } }).pages.current().backend
        .nodes.size,
  );

const row = (id: number, n: number): object => ({
  ...{
    id,
    n,
    on: n % 2 === 1,
    name: `name ${id}`,
    wide: 10 * n,
    src: n === 2 ? '' : `/none-${n}.png`,
    text: `a b ${n}`,
  },
  parts: ['p', 'q', `${n}`],
});

inBothModes('rows of lists', (mode) => {
  it('show the same as rows that are written out, whatever changes', async () => {
    const test = await startApp({ mode, files: page(14) });
    const same = async (count: number): Promise<string[]> => {
      // The view answers when it has shown what was set.
      await test.service(({ getCurrentPages }) => new Promise<void>((done) => getCurrentPages()[0].setData({}, done)));
      let both: [string[], string[]] = [[], []];
      await expect.poll(async () => (both = await shown(test))[0].length).toBe(count);
      expect(both[0]).toEqual(both[1]);
      return both[0];
    };
    const set = (data: object): Promise<void> =>
      test.service(({ getCurrentPages }, given: object) => getCurrentPages()[0].setData(given), data);
    const rows = [0, 1, 2, 3, 4, 1, 5, 6, 7, 3].map((n, id) => row(id, n));
    await set({ rows });
    const first = await same(10);
    expect(first[3]).toContain('name 3 of T');
    expect(first[6]).toContain('tagged name 6');
    expect(first[5]).toContain('id=on-5');
    await set({ title: 'Title' });
    expect((await same(10))[3]).toContain('name 3 of Title');
    await set({ 'rows[1].name': 'changed', 'rows[4].n': 9, 'rows[5].text': 'x' });
    expect((await same(10))[1]).toContain('changed of Title');
    // Other branches, a component that comes and one that goes, other classes and attributes.
    await set({ 'rows[2].on': true, 'rows[3].on': false, 'rows[6].n': 4, 'rows[7].n': 5, 'rows[8].src': '/other.png' });
    await same(10);
    const mixed = [rows[8], rows[0], row(20, 2), rows[3], rows[2], row(21, 5), rows[9], row(22, 3)] as object[];
    await set({ rows: mixed });
    await same(8);
    await set({ 'rows[0].wide': 77, 'rows[2].name': 'twenty', 'rows[7].on': false });
    await same(8);
    await set({ rows: [...mixed.slice(4), row(30, 1), row(31, 2), row(32, 3)] });
    await same(7);
    await set({ rows: [] });
    await same(0);
    await set({ rows: [row(1, 1), row(2, 2), row(3, 3)] });
    await same(3);
    expect(await test.problems()).toEqual([]);
    await test.close();
  });

  it('cost the logic layer one node each, when they are alike', async () => {
    const test = await startApp({ mode, files: page(0) });
    const before = await nodes(test);
    const rows = Array.from({ length: 200 }, (_, id) => row(id, id % 5));
    await test.service(({ getCurrentPages }, given) => getCurrentPages()[0].setData({ rows: given }), rows);
    await expect.poll(async () => (await test.view()).count('.row')).toBe(200);
    expect((await nodes(test)) - before).toBeLessThan(300);
    // What is no longer there is forgotten on both sides.
    await test.service(({ getCurrentPages }) => getCurrentPages()[0].setData({ rows: [] }));
    await expect.poll(() => nodes(test)).toBe(before);
    await test.close();
  });

  it('answer to taps, queries and selectors like any node', async () => {
    const test = await startApp({ mode, files: page(0) });
    const view = await test.view();
    await test.service(
      ({ getCurrentPages }, rows: object[]) => getCurrentPages()[0].setData({ rows }),
      [row(0, 1), row(1, 2), row(2, 4), row(3, 3), row(4, 3)],
    );
    await view.waitText('.row >> nth=3', 'deep 3');
    const few = await nodes(test);
    await view.tap('.row >> nth=3 >> .deep');
    // A catch in the row ends the tap there.
    await view.tap('.row >> nth=2 >> wx-button');
    await expect
      .poll(() => test.service(({ getApp }) => getApp().log))
      .toEqual([
        [{ n: 3 }, '', null],
        ['button', '', null],
      ]);
    // The nodes of the row that was tapped were made, and of no others.
    const more = await nodes(test);
    expect(more).toBeGreaterThan(few);
    const found = await test.service(
      ({ wx }) =>
        new Promise<unknown[]>((done) =>
          wx
            .createSelectorQuery()
            .selectAll('.deep')
            .fields({ dataset: true, size: true })
            .select('#on-4')
            .boundingClientRect()
            .exec(done),
        ),
    );
    const [deep, on] = found as [{ dataset: object; height: number }[], { id: string; height: number }];
    expect(deep.map(({ dataset }) => dataset)).toEqual([1, 2, 4, 3, 3].map((n) => ({ deep: { n } })));
    expect(deep.every(({ height }) => height > 0)).toBe(true);
    expect([on.id, on.height > 0]).toEqual(['on-4', true]);
    expect(await nodes(test)).toBeGreaterThan(more);
    // What was made a node goes on as one.
    await test.service(({ getCurrentPages }) =>
      getCurrentPages()[0].setData({ 'rows[2].n': 7, 'rows[4].n': 8, 'rows[1].name': 'after' }),
    );
    await view.waitText('.row >> nth=2', 'deep 7');
    await view.waitText('.row >> nth=4', 'deep 8');
    await view.waitText('.row >> nth=1', 'after');
    await test.service(({ getCurrentPages }) => {
      const { rows } = getCurrentPages()[0].data;
      getCurrentPages()[0].setData({ rows: [rows[3], rows[2], rows[4]] });
    });
    await expect.poll(() => view.count('.row')).toBe(3);
    await view.tap('.row >> nth=1 >> .deep');
    await view.tap('.row >> nth=0 >> .deep');
    await expect
      .poll(() => test.service(({ getApp }) => getApp().log.slice(2)))
      .toEqual([
        [{ n: 7 }, '', null],
        [{ n: 3 }, '', null],
      ]);
    expect(await test.problems()).toEqual([]);
    await test.close();
  });
});
