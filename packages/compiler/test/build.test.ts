import { expect, test } from 'vitest';
import { build, evaluate, onePage, summary } from './fixture.ts';

test('compiles a page with script, template, style sheet and WXS', async () => {
  const pkg = await build(
    onePage({
      'app.wxss': 'page { color: red; }',
      'pages/a.js': "import { x } from '../util';\nPage({ data: { x } });",
      'util.ts': 'export const x: number = 1;',
      'pages/a.wxml': '<wxs module="m" src="../m.wxs" /><view class="t">{{m.f(x)}}</view>',
      'pages/a.wxss': '.t { width: 10rpx; }',
      'm.wxs': "module.exports.f = function (x) { return x.constructor === 'Number' }",
      'images/a.png': 'png',
    }),
  );
  expect(summary(pkg)).toEqual([]);
  const { manifest } = pkg;
  expect(manifest.app.pages).toEqual(['pages/a']);
  expect(manifest.files).toEqual(['images/a.png']);
  expect(manifest.components['pages/a']).toMatchObject({ page: true, component: false, styleScope: '' });
  expect(Object.keys(pkg.services.get('')!.modules)).toEqual(['app.js', 'pages/a.js', 'util.js']);
  expect(pkg.services.get('')!.modules['pages/a.js']).toContain('require("../util")');
  expect(pkg.styles.get('')).toEqual({
    app: 'wx-page { color: red; }',
    'pages/a': '.t { width: calc(var(--rpx) * 10); }',
  });
  const templates = evaluate(pkg);
  expect(Object.keys(templates)).toEqual(['pages/a']);
  expect(templates['pages/a']!.fallbackListenerOnNativeNode).toBe(true);
  expect(typeof templates['pages/a']!.content('')).toBe('function');
});
