import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createInvocation } from '../src/invocation.ts';
import { PROJECT, type Run, run, start, temporaryFolder, write } from './harness.ts';

/** Words that are the same in every language: names, commands, addresses, codes. */
const NAMES =
  /https?:\S+|`[^`]*`|\S*\/\S*|--?[a-z][\w-]*|<[^>]*>|\[[^\]]*\]|\b[A-Z][A-Z0-9_]+\b|\b(?:Sparrow|sparrow|npm|run|Node|node|v?\d[\w.]*|MB|KB|Chromium|SQLite|LMDB|PostgreSQL|ZooKeeper|NATS|HTML|JSON|TypeScript|Prometheus|Shell|app\.json|appid|touristappid|index|tiny|tunnel|backend|native|service|view|control\.db|kill|free|local|dev|create|check|build|doctor|reset|store|game|help|wx|Built|on|Debian|GNU|Linux|unknown|bin|select|from|Table|where|shards|failover)\b/g;
const ENGLISH = /[a-z]{3,}(?: [a-z]{2,}){1,}/g;
const chinese = { LC_ALL: 'zh_CN.UTF-8' };

/** English sentences that are left in what a Chinese person reads. */
const english = (text: string): string[] => text.replace(NAMES, '·').match(ENGLISH) ?? [];

let folder: ReturnType<typeof temporaryFolder>;
const running: Run[] = [];
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGTERM');
    await ended;
  }
  folder.remove();
});

describe('in a Chinese shell', () => {
  it('a run says all in Chinese: what it does, the panel, a crash of the backend, the end', async () => {
    write(folder.path, { ...PROJECT, 'server/index.mjs': 'process.exit(3)' });
    const dev = start(['dev', folder.path, '--port', '0', '--no-lan'], { env: chinese });
    running.push(dev);
    await dev.until('下一步');
    dev.child.kill('SIGINT');
    await dev.ended;
    expect(dev.stdout).toMatch(/正在编译 .*……/);
    expect(dev.stdout).toMatch(/启动用时 \d+\.\d 秒/);
    expect(dev.stdout).toMatch(/局域网 {3}未开放/);
    expect(dev.stdout).toMatch(/后端 {5}已崩溃 {2}BACKEND_CRASHED：后端在监听 PORT 之前退出（退出码 3）/);
    expect(dev.stdout).toMatch(/backend │ BACKEND_CRASHED：后端/);
    expect(dev.stdout).toMatch(/已停止。.* 中保留了：control\.db/);
    expect(english(dev.stdout)).toEqual([]);
  });

  it('a port that is taken is named with who has it', async () => {
    write(folder.path, PROJECT);
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', () => resolve()));
    const { port } = holder.address() as AddressInfo;
    try {
      const { code, stderr } = await run(['dev', folder.path, '--port', String(port), '--no-lan'], { env: chinese });
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`PORT_TAKEN：端口 ${port} 已被占用（进程 ${process.pid}：.*）`));
      expect(stderr).toContain('解决办法：停止该程序，或用 --port 指定其他端口');
    } finally {
      holder.close();
    }
  });

  it('check sums up in Chinese', async () => {
    write(folder.path, { ...PROJECT, 'client/index.js': 'Page({ onLoad() { nowhere() } })' });
    const sheet = join(folder.path, 'sheet.html');
    const { code, stdout } = await run(['check', folder.path, '--sheet', sheet], { env: chinese });
    expect(code).toBe(1);
    const seen = readFileSync(sheet, 'utf8');
    expect(seen).toContain('<html lang="zh">');
    expect(seen).toMatch(/1 个页面：\d 个有内容，0 个没有问题（双线程）/);
    expect(seen).toMatch(/UNCAUGHT：脚本抛出了未捕获的异常（.*nowhere/);
    expect(stdout).toMatch(/脚本 UNCAUGHT：脚本抛出了未捕获的异常（.*nowhere/);
    expect(stdout).toMatch(/1 个页面：1 个编译成功，\d 个有内容，0 个没有问题（双线程）/);
    expect(stdout).toContain('解决办法：');
  });

  it('what the compiler finds is told in Chinese, the sentences of its parsers too', async () => {
    write(folder.path, {
      'project.config.json': { projectname: 'tiny' },
      'app.json': { pages: ['a', 'b', 'c', 'gone'], tabBar: { list: [{ pagePath: 'nowhere' }] } },
      'app.js': 'App({})',
      'a.wxml': '<view><text></view>',
      'a.wxss': '.x { color: red\n.y { top: 0 }',
      'a.js': "require('./none')",
      'b.wxml': '<view>{{ a + }}</view>',
      'b.json': { usingComponents: { card: '/none/card' } },
      'c.json': '{ "a" 1 }',
      'c.wxml': '<import src="none.wxml"/>',
    });
    const { code, stdout } = await run(['build', folder.path], { env: chinese });
    expect(code).toBe(1);
    for (const sentence of [
      '<text> 缺少结束标签 </text>',
      '该规则缺少 }，其后的内容都被当作它的一部分',
      '找不到模块 ./none',
      '找不到 <card> 引用的组件 /none/card',
      'JSON 格式有误：缺少冒号',
      '找不到模板 none',
      '页面 gone 没有对应的文件',
      '标签 nowhere 不是页面',
      '解决办法：创建 gone.wxml 和 gone.js，或从 app.json 中移除该页面',
    ])
      expect(stdout).toContain(sentence);
    // The lines of the program around a finding are its own.
    const told = stdout.split('\n').filter((line) => !/^\s*>?\s*\d* \|/.test(line));
    expect(english(told.join('\n'))).toEqual([]);
  });

  it('what the record store and the router refuse is told in Chinese', async () => {
    const told = async (...args: string[]): Promise<string> => (await run(args, { env: chinese })).stderr;
    write(folder.path, {
      'game.proto': SCHEMA,
      'wrong.proto': SCHEMA.replace('string player = 1', 'repeated string player = 1'),
      'less.proto': SCHEMA.replace('int64 gold = 2;', ''),
      'game.json': { keyFile: 'none.key' },
    });
    const dir = join(folder.path, 'store');
    const init = (name: string): Promise<string> => told('store', 'init', join(folder.path, name), '--dir', dir);
    const wrong = await init('wrong.proto');
    expect(wrong).toMatch(/SCHEMA_INVALID：.*wrong\.proto:\d+:\d+：player 不能作为主键的一部分/);
    expect(wrong).toContain('解决办法：请使用单个整数、bool、string 或 bytes 字段');
    expect(await init('game.proto')).toBe('');
    expect(await init('less.proto')).toMatch(/less\.proto:\d+:\d+：Wallet：字段 gold 被删除/);
    const query = await told('store', 'query', 'select * from Wallet order by gold', '--dir', dir);
    expect(query).toMatch(/QUERY_INVALID：第 \d+ 个字符处：此处不能出现 order/);
    const topology = await told('game', 'topology', '--config', join(folder.path, 'game.json'));
    expect(topology).toMatch(/无法读取密钥或证书：/);
    expect(topology).toContain('解决办法：检查配置中的路径');
  });

  it.each([
    [['--help']],
    [['dev', '--help']],
    [['check', '--help']],
    [['create', '--help']],
    [['store', '--help']],
    [['store', 'archive', '--help']],
    [['store', 'shards', 'failover', '--help']],
    [['game', 'add-set', '--help']],
    [['doctor']],
  ])('%j has no English sentence', async (args) => {
    const { stdout } = await run(args, { env: chinese, cwd: folder.path });
    expect(stdout).toMatch(/用法：|当前使用/);
    expect(english(stdout)).toEqual([]);
  });

  it('a wrong line is explained, with what may have been meant', async () => {
    const told = async (...args: string[]): Promise<string> => (await run(args, { env: chinese })).stderr;
    expect(await told('buld')).toMatch(
      /USAGE：未知的命令 buld\n\s+（是否要输入 build？）|USAGE：未知的命令 buld\n.*build/,
    );
    expect(await told('dev', '--port', 'x')).toMatch(/USAGE：选项 .*--port <port> 的值 x 无效：端口为 0/);
    expect(await told('create')).toContain('USAGE：缺少参数 dir');
    expect(await told('check', 'a', 'b')).toMatch(/参数过多：最多 1 个，实际 2 个/);
    expect(await told('check', 'a', '--mode', 'triple')).toContain('可选值：dual, single');
  });
});

describe('what is said', () => {
  it('starts no backend that a project does not have', async () => {
    write(folder.path, {
      'project.config.json': { projectname: 'tiny' },
      'app.json': { pages: ['index'] },
      'app.js': 'App({})',
      'index.js': 'Page({})',
      'index.wxml': '<view>hi</view>',
    });
    const dev = start(['dev', folder.path, '--port', '0', '--no-lan']);
    running.push(dev);
    await dev.until('Next');
    expect(dev.stdout).toMatch(/compiling .* …/);
    expect(dev.stdout).not.toMatch(/starting/);
  });

  it('names commands about the project, the store and the game at hand', async () => {
    const from = (subject: object) =>
      createInvocation({ cwd: '/', repository: '/opt/sparrow', path: '', subject }).spell;
    const prefix = 'npm --prefix /opt/sparrow run -s sparrow --';
    const spell = from({ dir: "'my shop'", store: 'shop', config: 'g/game.json' });
    expect(spell('run `sparrow check --workers 1`: `sparrow build` lists, `sparrow dev` shows')).toBe(
      `run \`${prefix} check 'my shop' --workers 1\`: \`${prefix} build 'my shop'\` lists, \`${prefix} dev 'my shop'\` shows`,
    );
    // A line that names its folder is left alone.
    expect(spell('`sparrow dev .`, `sparrow create <dir>`')).toBe(`\`${prefix} dev .\`, \`${prefix} create <dir>\``);
    expect(spell('then: `sparrow store shards move --resume`')).toBe(
      `then: \`${prefix} store shards move --dir shop --resume\``,
    );
    expect(spell('`sparrow store init <schema>`')).toBe(`\`${prefix} store init --dir shop <schema>\``);
    expect(spell('see `sparrow game topology`')).toBe(`see \`${prefix} game topology --config g/game.json\``);
    expect(from({})('see `sparrow store tables`')).toBe(`see \`${prefix} store tables\``);
  });

  it('a hint of the store works from where the person stands', async () => {
    const dir = join(folder.path, 'nowhere');
    const { stderr } = await run(['store', 'tables', '--dir', dir]);
    const command = /`npm run -s sparrow -- (store init .*)`/.exec(stderr)?.[1];
    expect(command).toBe(`store init --dir ${dir} <schema>`);
    const schema = join(folder.path, 'game.proto');
    write(folder.path, { 'game.proto': SCHEMA });
    const args = (command as string).replace('<schema>', schema).split(' ');
    expect((await run(args)).code).toBe(0);
    const { stdout } = await run(['store', 'tables', '--dir', dir, '--json']);
    expect(JSON.parse(stdout).tables).toMatchObject([{ name: 'Wallet' }]);
    // What is no JSON is the person's, and no fault of Sparrow.
    const wrong = await run(['store', 'put', 'Wallet', '{player', '--dir', dir]);
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('USAGE: this is no JSON: {player')]);
  });
});

const SCHEMA = `syntax = "proto3";
package game;
message Wallet {
  option (tcaplusservice.tcaplus_primary_key) = "player";
  string player = 1;
  int64 gold = 2;
}
`;
