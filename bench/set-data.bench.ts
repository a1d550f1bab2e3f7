/**
 * From tap to paint: plain DOM by template clone (the limit), single thread, dual thread. One probe in all three: it presses
 * the button, waits until the page shows what it must, then for the next frame and a task after it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDevServer } from '@sparrow/cloud';
import { createCompiler } from '@sparrow/compiler';
import { createSimulator, launchBrowser } from '@sparrow/simulator/server';
import { writeTree } from '@sparrow/testkit';
import type { Frame } from 'playwright-core';
import { type Row, row } from './row.ts';

const ROUNDS = 7;
const STEPS = [
  'ping',
  'create',
  'update',
  'swap',
  'remove',
  'append',
  'clear',
  'create10k',
  'clear10k',
  'items',
  'clearItems',
] as const;
type Step = (typeof STEPS)[number];

const rowsOf = `(from, count) => Array.from({ length: count }, (_, i) => ({ id: from + i, label: 'row ' + (from + i) }))`;

/** A list as programs have it: a picture, texts, a class by condition, taps, and in every tenth row a component. */
const PICTURE = 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';
const itemsOf = `(count) => Array.from({ length: count }, (_, id) => ({ id, title: 'item ' + id, price: id * 3, hot: id % 3 === 0, src: '${PICTURE}' }))`;

const ITEM_CSS =
  '.picture { width: 60px; height: 60px } .title { font-weight: bold } .low { color: red } .hot { background: #ffe }';

const program = {
  'project.config.json': { appid: 'wxbench', projectname: 'bench' },
  'app.json': { pages: ['pages/bench/bench'] },
  'app.js': 'App({})',
  'drag/drag.wxs': `
function start(event) { event.instance.getState().x = event.touches[0].clientX }
function move(event) { event.instance.setStyle({ transform: 'translateX(' + (event.touches[0].clientX - event.instance.getState().x) + 'px)' }) }
module.exports = { start: start, move: move }`,
  'drag/drag.json': { component: true },
  'drag/drag.js': 'Component({})',
  'drag/drag.wxml': `<wxs src="./drag.wxs" module="drag"/><view id="drag" bindtouchstart="{{drag.start}}" bindtouchmove="{{drag.move}}">drag</view>`,
  'pages/bench/bench.json': { usingComponents: { drag: '/drag/drag', tag: '/tag/tag' } },
  'pages/bench/bench.wxml': `<drag/><view class="tools">${STEPS.map((step) => `<view id="${step}" class="tool" bindtap="${step}">${step}</view>`).join('')}</view>
<view class="ping">{{ping}}</view>
<view wx:for="{{rows}}" wx:key="id" class="row"><view class="id">{{item.id}}</view><view class="label"><text>{{item.label}}</text></view></view>
<view wx:for="{{items}}" wx:key="id" class="row {{item.hot ? 'hot' : ''}}" data-id="{{item.id}}" bindtap="open"><image class="picture" src="{{item.src}}" mode="aspectFill"/><view class="body"><text class="title">{{item.title}}</text><view class="price {{item.hot ? 'low' : ''}}">{{item.price}} yuan</view></view><view class="buy" data-id="{{item.id}}" catchtap="buy">buy</view><tag wx:if="{{item.id % 10 === 0}}" text="no {{item.id}}"/></view>`,
  'tag/tag.json': { component: true },
  'tag/tag.wxml': '<text>{{text}}</text>',
  'tag/tag.js': 'Component({ properties: { text: String } })',
  'pages/bench/bench.js': `
const make = ${rowsOf};
const makeItems = ${itemsOf};
Page({
  data: { ping: 0, rows: [], items: [] },
  open() {},
  buy() {},
  items() { this.setData({ items: makeItems(1000) }) },
  clearItems() { this.setData({ items: [] }) },
  ping() { this.setData({ ping: this.data.ping + 1 }) },
  create() { this.setData({ rows: make(0, 1000) }) },
  update() { const change = {}; for (let i = 0; i < this.data.rows.length; i += 10) change['rows[' + i + '].label'] = this.data.rows[i].label + '!'; this.setData(change) },
  swap() { const rows = this.data.rows.slice(); const kept = rows[1]; rows[1] = rows[998]; rows[998] = kept; this.setData({ rows }) },
  remove() { const rows = this.data.rows.slice(); rows.splice(500, 1); this.setData({ rows }) },
  append() { this.setData({ rows: this.data.rows.concat(make(5000, 1000)) }) },
  clear() { this.setData({ rows: [] }) },
  create10k() { this.setData({ rows: make(0, 10000) }) },
  clear10k() { this.setData({ rows: [] }) },
})`,
  'pages/bench/bench.wxss': `.row { display: flex } .id { width: 100rpx } ${ITEM_CSS}`,
};

const plainPage = `<!doctype html><style>body{margin:0;font:16px/1.4 -apple-system,"PingFang SC","Helvetica Neue","Noto Sans CJK SC","Noto Sans SC",Arial,sans-serif}.row{display:flex}.id{width:52px}.picture{object-fit:cover}${ITEM_CSS}</style>
<div id="drag">drag</div><div class="tools">${STEPS.map((step) => `<div id="${step}" class="tool">${step}</div>`).join('')}</div><div class="ping">0</div><div id="list"></div>
<template id="i"><div class="row"><img class="picture"><div class="body"><span class="title"></span><div class="price"></div></div><div class="buy">buy</div></div></template>
<template id="t"><div class="row"><div class="id"></div><div class="label"><span></span></div></div></template>
<script>
const make = ${rowsOf};
const list = document.getElementById('list'), template = document.getElementById('t').content.firstElementChild;
const makeItems = ${itemsOf};
const item = document.getElementById('i').content.firstElementChild;
const itemNode = ({ id, title, price, hot, src }) => {
  const e = item.cloneNode(true), body = e.children[1];
  e.dataset.id = id; e.children[2].dataset.id = id;
  e.classList.toggle('hot', hot); body.lastChild.classList.toggle('low', hot);
  e.firstChild.src = src;
  body.firstChild.textContent = title; body.lastChild.textContent = price + ' yuan';
  if (id % 10 === 0) { const tag = document.createElement('div'); tag.innerHTML = '<span></span>'; tag.firstChild.textContent = 'no ' + id; e.append(tag); }
  return e;
};
let rows = [], ping = 0;
const node = (item) => { const e = template.cloneNode(true); e.firstChild.textContent = item.id; e.lastChild.firstChild.textContent = item.label; return e; };
const add = (items) => { const f = document.createDocumentFragment(); for (const item of items) f.append(node(item)); list.append(f); };
const steps = {
  ping() { document.querySelector('.ping').textContent = ++ping; },
  create() { rows = make(0, 1000); list.textContent = ''; add(rows); },
  update() { for (let i = 0; i < rows.length; i += 10) { rows[i].label += '!'; list.children[i].lastChild.firstChild.textContent = rows[i].label; } },
  swap() { const a = list.children[1], b = list.children[998], c = b.nextSibling; list.insertBefore(b, a); list.insertBefore(a, c); const kept = rows[1]; rows[1] = rows[998]; rows[998] = kept; },
  remove() { list.children[500].remove(); rows.splice(500, 1); },
  append() { const more = make(5000, 1000); rows = rows.concat(more); add(more); },
  clear() { list.textContent = ''; rows = []; },
  create10k() { rows = make(0, 10000); add(rows); },
  clear10k() { list.textContent = ''; rows = []; },
  items() { const f = document.createDocumentFragment(); for (const one of makeItems(1000)) f.append(itemNode(one)); list.append(f); },
  clearItems() { list.textContent = ''; },
};
list.addEventListener('click', () => {});
let from = 0;
const drag = document.getElementById('drag');
drag.addEventListener('mousedown', (event) => { from = event.clientX; });
drag.addEventListener('mousemove', (event) => { drag.style.transform = 'translateX(' + (event.clientX - from) + 'px)'; });
for (const name of Object.keys(steps)) document.getElementById(name).addEventListener('mouseup', () => steps[name]());
</script>`;

/** Runs in the frame: presses, waits for the expected text, then for the paint. Milliseconds. */
const probe = `(step, expected) => new Promise((resolve, reject) => {
  const host = document.querySelector('sparrow-page');
  const scope = host ? host.shadowRoot : document;
  const at = (selector) => scope.querySelector(selector);
  const look = () => {
    const rows = scope.querySelectorAll('.row');
    const label = (i) => rows[i] ? rows[i].textContent : '';
    return [at('.ping').textContent, rows.length, label(0), label(1), label(500), label(rows.length - 1)].join('|');
  };
  const button = at('#' + step);
  const timer = setTimeout(() => reject(new Error(step + ' shows ' + look() + ' instead of ' + expected)), 30000);
  let done = false;
  const check = () => {
    if (done || look() !== expected) return;
    done = true;
    observer.disconnect();
    requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = () => { clearTimeout(timer); resolve(performance.now() - start); }; c.port2.postMessage(0); });
  };
  const observer = new MutationObserver(check);
  observer.observe(scope === document ? document.body : scope, { childList: true, subtree: true, characterData: true });
  const start = performance.now();
  for (const type of ['mousedown', 'mouseup']) button.dispatchEvent(new MouseEvent(type, { bubbles: true, composed: true, button: 0, clientX: 5, clientY: 5 }));
  check();
})`;

/** Moves of one drag, one a frame. */
const MOVES = 120;

/**
 * Runs in the frame: drags an element, one move before each frame, and counts the frames that were painted with the element where the
 * finger was.
 */
const dragProbe = `(async () => {
  const host = document.querySelector('sparrow-page');
  const element = (host ? host.shadowRoot : document).querySelector('#drag');
  const send = (type, x) => element.dispatchEvent(new MouseEvent(type, { bubbles: true, composed: true, button: 0, buttons: type === 'mouseup' ? 0 : 1, clientX: x, clientY: 5 }));
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const task = () => new Promise((resolve) => { const c = new MessageChannel(); c.port1.onmessage = resolve; c.port2.postMessage(0); });
  let together = 0;
  send('mousedown', 0);
  for (let x = 1; x <= ${MOVES}; x++) {
    await frame();
    send('mousemove', x);
    await task();
    if (element.style.transform === 'translateX(' + x + 'px)') together++;
  }
  send('mouseup', ${MOVES});
  return together;
})()`;

/** What the page must show after each step, the same for all contenders: equal text or the timing is void. */
function expectations(): (step: Step) => string {
  let ping = 0;
  let labels: string[] = [];
  const text = (id: number, label: string): string => `${id}${label}`;
  const rows = (from: number, count: number): string[] =>
    Array.from({ length: count }, (_, i) => text(from + i, `row ${from + i}`));
  return (step) => {
    if (step === 'ping') ping++;
    else if (step === 'create') labels = rows(0, 1000);
    else if (step === 'update') labels = labels.map((label, i) => (i % 10 === 0 ? `${label}!` : label));
    else if (step === 'swap') [labels[1], labels[998]] = [labels[998] as string, labels[1] as string];
    else if (step === 'remove') labels.splice(500, 1);
    else if (step === 'append') labels.push(...rows(5000, 1000));
    else if (step === 'create10k') labels = rows(0, 10_000);
    else if (step === 'items')
      labels = Array.from({ length: 1000 }, (_, id) => `item ${id}${id * 3} yuanbuy${id % 10 === 0 ? `no ${id}` : ''}`);
    else labels = [];
    return [ping, labels.length, labels[0] ?? '', labels[1] ?? '', labels[500] ?? '', labels.at(-1) ?? ''].join('|');
  };
}

export async function run(): Promise<Row[]> {
  const dir = await mkdtemp(join(tmpdir(), 'sparrow-bench-'));
  await writeTree(dir, program);
  const compiler = createCompiler({ dir });
  const register = createSimulator({ compiler, watch: false });
  let token = '';
  const server = await createDevServer({
    dir,
    port: 0,
    watch: false,
    registerSimulator: async (app, deps) => {
      const simulator = await register(app, deps);
      token = simulator.token;
      return simulator;
    },
  });
  const plain = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(plainPage));
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const browser = await launchBrowser();
  const times: Record<string, Record<Step, number[]>> = {};
  const drags: Record<string, number[]> = {};
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const contender of ['plain', 'single', 'dual']) {
        const page = await browser.newPage({ viewport: { width: 393, height: 852 } });
        let frame: Frame;
        if (contender === 'plain') {
          await page.goto(`http://127.0.0.1:${(plain.address() as AddressInfo).port}`);
          frame = page.mainFrame();
        } else {
          await page.goto(
            `${server.url}/simulator/phone.html#${new URLSearchParams({ token, mode: contender, user: 'bench' })}`,
          );
          await page.waitForFunction(`sparrow.settled('pages/bench/bench')`);
          const handle = await page.evaluateHandle(`sparrow.phone.viewFrame(1)`);
          frame = (await (
            handle.asElement() as { contentFrame(): Promise<Frame | null> } | null
          )?.contentFrame()) as Frame;
        }
        await page.waitForTimeout(300);
        const expect = expectations();
        times[contender] ??= Object.fromEntries(STEPS.map((step) => [step, []])) as unknown as Record<Step, number[]>;
        for (const step of STEPS) {
          const ms = await frame.evaluate<number>(
            `(${probe})(${JSON.stringify(step)}, ${JSON.stringify(expect(step))})`,
          );
          // The first round warms up.
          if (round > 0) times[contender][step].push(ms);
        }
        drags[contender] ??= [];
        const together = await frame.evaluate<number>(dragProbe);
        if (round > 0) drags[contender].push(together);
        await page.close();
      }
    }
  } finally {
    await browser.close();
    await server.close();
    plain.close();
    await rm(dir, { recursive: true, force: true });
  }
  const frameMs = 1000 / 60;
  const limit = (step: Step): number[] => times.plain?.[step] ?? [];
  const middle = (values: number[]): number => row('', '', values).ours;
  return ['dual', 'single'].flatMap((mode) => [
    row(
      `${mode} thread, drag by WXS, frames of ${MOVES} that show the finger's place, against plain DOM`,
      'frames',
      drags[mode] ?? [],
      drags.plain,
      { op: '>=', value: 0.98, of: 'ratio' },
    ),
    ...STEPS.map((step) => {
      const ours = times[mode]?.[step] ?? [];
      const peer = limit(step);
      const name = `${mode} thread, ${step}, against plain DOM`;
      if (mode === 'single') return row(name, 'ms', ours, peer);
      if (step === 'create') return row(name, 'ms', ours, peer, { op: '<=', value: 1.5, of: 'ratio' });
      if (step === 'create10k') return row(name, 'ms', ours, peer, { op: '<=', value: 1.4, of: 'ratio' });
      if (step === 'items') return row(name, 'ms', ours, peer, { op: '<=', value: 2, of: 'ratio' });
      if (step === 'clear' || step === 'clear10k' || step === 'clearItems')
        return row(name, 'ms', ours, peer, { op: '<=', value: 3 * frameMs, of: 'ours' });
      if (step === 'append') return row(name, 'ms', ours, peer, { op: '<=', value: 2, of: 'ratio' });
      return row(name, 'ms', ours, peer, { op: '<=', value: middle(peer) + frameMs, of: 'ours' });
    }),
  ]);
}

/** The programs that this bench drives (scripts/debian.mjs). */
export const programs = ['chromium'];
