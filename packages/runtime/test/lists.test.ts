/** Rows of lists: nodes inside of them are made when somebody asks, and nobody must notice. */
import { createRandom, pick, type Random } from '@sparrow/testkit';
import { expect, it } from 'vitest';
import { createInternTable, keepStamp, MAX_INTERNED, MAX_STAMPS } from '../src/bridge/tree-ops.ts';
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

/** What rows at random are made of. `$` is the item and `#` its place. */
const PIECES = [
  '{{$.a}}',
  '<view>{{$.a}}</view>',
  '<text>{{$.b}} {{top}}</text>',
  '<image src="{{$.a}}" mode="{{$.c}}"/>',
  '<view class="find {{$.b}}">{{$.a}}</view>',
  '<view class="given ~far {{$.a}}">{{#}}</view>',
  '<view style="width: {{$.n}}rpx">{{$.b}}</view>',
  '<view id="i:{{$.n}}" title="{{$.a}}" hidden="{{$.b}}">h</view>',
  '<view wx:if="{{$.a}}">if {{$.b}}</view><view wx:elif="{{$.b}}" class="find">elif</view><text wx:else>else</text>',
  '<block wx:if="{{$.c}}"><view>1</view><text>2</text></block>',
  '<icon value="{{$.a}}">x</icon>',
  '<view catchtap="{{$.h}}" data-x="{{$.c}}">c</view>',
  '<template is="{{$.t}}" data="{{ item: $, top }}"/>',
  '<view change:kind="{{m.changed}}" kind="{{$.a}}">w</view>',
  '<progress percent="{{$.n}}"/>',
  '<navigator url="/none?{{$.a}}" hover-class="{{$.b}}">n</navigator>',
  '<button disabled="{{$.c}}" bindtap="tapped">b{{#}}</button>',
  '<rich-text nodes="{{$.b}}"/>',
];
const VALUES = ['a', 'b', 'x\\ny', 0, 1, true, false, null, undefined];
const KINDS = 16;
const SEED = Number(process.env.SPARROW_SEED ?? Date.now() % 1_000_000);
const MOST_ROWS = 9;

/** Rows of some kinds at random, each in a list and written out, in a component of its own. */
function kindsAtRandom(random: Random): Record<string, string | object> {
  const names = Array.from({ length: KINDS }, (_, i) => `kind-${i}`);
  const files: Record<string, string | object> = {
    ...app,
    'c/icon.json': { component: true },
    'c/icon.wxml': '<view>own {{value}} <slot/></view>',
    'c/icon.js': 'Component({ properties: { value: null } })',
    'pages/a/a.json': { usingComponents: Object.fromEntries(names.map((name) => [name, `/c/${name}`])) },
    'pages/a/a.wxml': names.map((name) => `<${name} id="${name}" given="{{given}}"/>`).join(''),
    'pages/a/a.js': `Page({ data: { given: 'red' }, kinds() { return ${JSON.stringify(names)}.map((name) => this.selectComponent('#' + name)) } })`,
  };
  for (const name of names) {
    const body = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(random, PIECES)).join('');
    const tag = pick(random, ['view', 'view', 'text', 'button']);
    const written = (item: string, index: string): string =>
      body.replaceAll('$', item).replaceAll('{{#}}', `{{${index}}}`);
    const plain = Array.from(
      { length: MOST_ROWS },
      (_, i) => `<block wx:if="{{rows[${i}]}}"><${tag} class="row">${written(`rows[${i}]`, `${i}`)}</${tag}></block>`,
    );
    files[`c/${name}.json`] = { component: true, usingComponents: { icon: './icon' } };
    files[`c/${name}.wxml`] = `<wxs module="m">module.exports = { changed: function () {} }</wxs>
      <template name="one"><view>one {{item.a}}</view></template>
      <template name="two"><text>two {{item.b}} {{top}}</text><view class="find">{{item.a}}</view></template>
      <view class="list"><${tag} wx:for="{{rows}}" wx:key="id" class="row">${written('item', 'index')}</${tag}></view>
      <view class="plain">${plain.join('')}</view>`;
    files[`c/${name}.js`] =
      `Component({ externalClasses: ['given'], data: { rows: [], top: 'T' }, methods: { tapped() {}, t() {} } })`;
  }
  return files;
}

function rowsAtRandom(random: Random): object[] {
  const ids = Array.from({ length: 20 }, (_, id) => id).sort(() => random() - 0.5);
  return ids.slice(0, 2 + Math.floor(random() * (MOST_ROWS - 2))).map((id) => ({
    ...{ id, n: Math.floor(random() * 3), h: pick(random, ['', 't', 't']), t: pick(random, ['one', 'two', 'two']) },
    // Most of the time rows are alike.
    ...Object.fromEntries(['a', 'b', 'c'].map((name) => [name, random() < 0.7 ? 'a' : pick(random, VALUES)])),
  }));
}

inBothModes('rows of lists', (mode) => {
  it(`of kinds made at random show the same as rows that are written out (SPARROW_SEED=${SEED})`, async () => {
    const random = createRandom(SEED);
    const test = await startApp({ mode, files: kindsAtRandom(random) });
    const view = await test.view();
    let rows: object[] = [];
    for (let step = 0; step < 12; step++) {
      const choice = random();
      const at = Math.floor(random() * rows.length);
      const data: Record<string, unknown> = {};
      if (rows.length === 0 || choice < 0.3) data.rows = rowsAtRandom(random);
      else if (choice < 0.5) data.rows = [...rows].sort(() => random() - 0.5).slice(0, 1 + at);
      else if (choice < 0.8)
        data[`rows[${at}].${pick(random, ['a', 'b', 'c', 't'])}`] = pick(random, ['a', 'b', 'two']);
      else data.top = `T${step}`;
      const given = pick(random, ['red', 'blue']);
      const set = await test.service(
        ({ getCurrentPages }, data: object, given: string) => {
          const page = getCurrentPages()[0];
          const done = page
            .kinds()
            .map(
              (kind: { setData(data: object, done: () => void): void }) =>
                new Promise<void>((resolve) => kind.setData(data, resolve)),
            );
          done.push(new Promise<void>((resolve) => page.setData({ given }, resolve)));
          return Promise.all(done).then(() => page.kinds()[0].data.rows);
        },
        data,
        given,
      );
      rows = set as object[];
      const differ = await view.eval('wx-page', (root) => {
        const text = (node: Node): string => {
          if (!(node instanceof Element)) return node.nodeValue ?? '';
          const attributes = [...node.attributes].map(({ name, value }) =>
            name === 'class' ? `class=${value.split(' ').sort().join(' ')}` : `${name}=${value}`,
          );
          return `<${node.localName} ${attributes.sort().join(' ')}>${[...node.childNodes].map(text).join('')}</>`;
        };
        return [...root.children].flatMap((kind) => {
          const [list, plain] = [...kind.children].map((home) => [...home.children].map(text));
          return JSON.stringify(list) === JSON.stringify(plain) ? [] : [[kind.localName, list, plain]];
        });
      });
      expect(differ, `step ${step}: ${JSON.stringify(data)}`).toEqual([]);
      if (random() < 0.7) continue;
      const found = await test.service(({ getCurrentPages }) => {
        const kinds = getCurrentPages()[0].kinds();
        const ask = (at: number, selector: string): Promise<unknown> =>
          new Promise((done) =>
            kinds[at].createSelectorQuery().selectAll(selector).fields({ id: true, dataset: true }).exec(done),
          );
        return Promise.all(
          ['.find', '.far', '#i:1', '.a'].flatMap((selector) =>
            kinds.map((_: unknown, at: number) =>
              Promise.all([ask(at, `.list ${selector}`), ask(at, `.plain ${selector}`)]),
            ),
          ),
        );
      });
      for (const [inList, written] of found as unknown[][]) expect(inList).toEqual(written);
    }
    expect(await test.problems()).toEqual([]);
    await test.close();
  });

  it('are right when the lists of many components have come and gone', async () => {
    const count = MAX_STAMPS + 20;
    const test = await startApp({
      mode,
      files: {
        ...app,
        'pages/a/a.json': { usingComponents: { few: '/c/few' } },
        'pages/a/a.wxml': '<few id="first"/><few wx:for="{{count}}" wx:key="*this"/>',
        'pages/a/a.js': 'Page({ data: { count: 0 } })',
        'c/few.json': { component: true },
        'c/few.wxml': '<view wx:for="{{rows}}" wx:key="*this"><text>row {{item}}</text></view>',
        'c/few.js': 'Component({ data: { rows: [1, 2] } })',
      },
    });
    const set = (count: number): Promise<void> =>
      test.service(
        ({ getCurrentPages }, count: number) =>
          new Promise<void>((done) => getCurrentPages()[0].setData({ count }, done)),
        count,
      );
    await set(count);
    await set(0);
    await test.service(({ getCurrentPages }) =>
      getCurrentPages()[0]
        .selectComponent('#first')
        .setData({ rows: [1, 2, 3, 4] }),
    );
    const view = await test.view();
    await expect
      .poll(() => view.eval('wx-page', (root) => [...root.querySelectorAll('wx-text')].map((text) => text.textContent)))
      .toEqual(['row 1', 'row 2', 'row 3', 'row 4']);
    expect(await test.problems()).toEqual([]);
    await test.close();
  });

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

it('both sides forget the same stamps, and number the same words', () => {
  const [ours, theirs] = [new Map<string, number>(), new Map<number, string>()];
  const [writes, reads] = [createInternTable(), createInternTable()];
  for (let at = 0; at < MAX_INTERNED + 100; at++) {
    keepStamp(ours, `stamp ${at}`, at);
    keepStamp(theirs, at, `stamp ${at}`);
    const code = writes.code(`class-${at}`);
    expect(reads.text(code)).toBe(`class-${at}`);
  }
  expect([...ours.values()]).toEqual([...theirs.keys()]);
  expect(ours.size).toBe(MAX_STAMPS);
  // A word that came early has a number, one that came late is written out each time.
  expect([writes.code('class-1'), reads.text(1)]).toEqual([1, 'class-1']);
  const late = `class-${MAX_INTERNED + 1}`;
  expect([writes.code(late), reads.text(writes.code(late))]).toEqual([late, late]);
});
