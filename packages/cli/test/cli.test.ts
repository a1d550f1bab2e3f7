import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createInvocation, quote } from '../src/invocation.ts';
import { qrLines } from '../src/panel.ts';
import { table, width } from '../src/text.ts';
import { PROJECT, REPOSITORY, type Run, run, start, temporaryFolder, write } from './harness.ts';

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

/** False for a zombie too: it runs no more, only nobody has asked for its end. */
function isRunning(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

function dev(args: string[] = [], options: Parameters<typeof start>[1] = {}): Run {
  const started = start(['dev', folder.path, '--port', '0', ...args], options);
  running.push(started);
  return started;
}

describe('sparrow dev', () => {
  beforeAll(() => {
    // The phone's parts are what the simulator serves; npm test builds them before.
    execFileSync(process.execPath, [join(REPOSITORY, 'scripts/build.mjs')], { stdio: 'ignore' });
  });

  it('ends its start with a panel: where to look, where the data is, what to type next', async () => {
    write(folder.path, PROJECT);
    const { until, ...result } = dev(['--no-lan']);
    await until('Next');
    const { stdout } = running[0] as Run;
    expect(stdout).toMatch(/麻雀 Sparrow 0\.1\.0 {2}tiny {2}ready in \d+\.\d s/);
    expect(stdout).toMatch(/Local\s+http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}\n/);
    expect(stdout).toMatch(/LAN\s+closed/);
    expect(stdout).toMatch(/Backend\s+running {2}http:\/\/127\.0\.0\.1:\d+\/@tiny\/local\//);
    expect(stdout).toContain(`${folder.path}/.sparrow`);
    expect(result.child.exitCode).toBeNull();
  });

  it('shows the LAN address with a QR code when there is a LAN', async () => {
    write(folder.path, PROJECT);
    const { until } = dev();
    await until('Next');
    const { stdout } = running[0] as Run;
    const url = /LAN\s+(http:\S+)/.exec(stdout)?.[1];
    if (url === undefined) expect(stdout).toMatch(/LAN\s+closed/);
    else expect(stdout).toContain(qrLines(url)[5]);
  });

  it('stops at a signal, frees everything and says what it kept', async () => {
    write(folder.path, PROJECT);
    const started = dev(['--no-lan']);
    await started.until('Next');
    const { pid } = JSON.parse(readFileSync(join(folder.path, '.sparrow/run.json'), 'utf8')).backend;
    started.child.kill('SIGINT');
    expect(await started.ended).toBe(0);
    expect(started.stdout).toMatch(/Stopped\. Kept in .*\.sparrow: control\.db/);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(existsSync(join(folder.path, '.sparrow/run.json'))).toBe(false);
  });

  it('leaves nothing behind when it is killed, and starts again', async () => {
    write(folder.path, PROJECT);
    const started = dev(['--no-lan']);
    await started.until('Next');
    const { pid } = JSON.parse(readFileSync(join(folder.path, '.sparrow/run.json'), 'utf8')).backend;
    started.child.kill('SIGKILL');
    await started.ended;
    await expect.poll(() => isRunning(pid)).toBe(false);
    const again = dev(['--no-lan']);
    await again.until('Next');
    expect(again.stdout).toMatch(/Backend\s+running/);
  });

  it('prints nothing but JSON on standard output with --json', async () => {
    write(folder.path, PROJECT);
    const started = dev(['--no-lan', '--json']);
    await started.until('\n}\n');
    const ready = JSON.parse(started.stdout);
    expect(ready).toMatchObject({ app: 'tiny', lanUrl: null, backend: { state: 'running' }, pid: started.child.pid });
    expect(await (await fetch(`${ready.backendUrl}/`)).text()).toBe('tiny backend');
    started.child.kill('SIGTERM');
    await started.ended;
    expect(JSON.parse(started.stdout)).toEqual(ready);
    expect(started.stderr).toContain('麻雀 Sparrow');
  });

  it('shows a crash of the backend, and goes on', async () => {
    write(folder.path, { ...PROJECT, 'server/index.mjs': 'throw new Error("no database today")' });
    const started = dev(['--no-lan']);
    await started.until('no database today');
    await started.until('Next');
    expect(started.stdout).toMatch(/Backend\s+crashed {2}BACKEND_CRASHED: it ended with exit code 1/);
  });

  it('refuses a second run on one folder in the shape of the house', async () => {
    write(folder.path, PROJECT);
    const started = dev(['--no-lan']);
    await started.until('Next');
    const second = await run(['dev', folder.path, '--port', '0', '--no-lan']);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(
      / {2}FOLDER_IN_USE: .* is in use by pid \d+, at http.*\n {2}Fix: open http.* kill \d+\n {2}Log: \//,
    );
  });

  it('shows what does not compile, with its place, and starts all the same', async () => {
    write(folder.path, { ...PROJECT, 'client/index.js': 'Page({' });
    const started = dev(['--no-lan']);
    await started.until('Next');
    expect(started.stdout).toMatch(/SCRIPT_SYNTAX client\/index\.js:1:\d+/);
  });
});

describe('sparrow build', () => {
  it('writes the package', async () => {
    write(folder.path, PROJECT);
    const { code, stdout } = await run(['build', folder.path, '--out', join(folder.path, 'out'), '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ pages: 1, errors: 0, diagnostics: [] })]);
    expect(JSON.parse(readFileSync(join(folder.path, 'out/manifest.json'), 'utf8')).app.pages).toEqual(['index']);
  });

  it('says that a package is too large and what to do, and its pages still open', async () => {
    write(folder.path, {
      'project.config.json': JSON.stringify({ appid: 'wxlarge', projectname: 'large' }),
      'app.json': JSON.stringify({ pages: ['pages/a/a'] }),
      'app.js': 'App({})',
      'pages/a/a.js': 'Page({})',
      'pages/a/a.wxml': '<view>still here</view>',
    });
    const file = openSync(join(folder.path, 'film.png'), 'w');
    ftruncateSync(file, 60 * 1024 * 1024);
    closeSync(file);
    const built = await run(['build', folder.path]);
    expect(built.stdout + built.stderr).toMatch(/PACKAGE_TOO_LARGE .*60 MB\s+Fix: move large files to a server/);
    expect(built.code).toBe(0);
    const { stdout, code } = await run(['check', folder.path, '--json']);
    expect(JSON.parse(stdout).pages[0]).toMatchObject({ clean: true, text: 'still here' });
    expect(code).toBe(0);
  });

  it('fails with the findings when pages are broken', async () => {
    write(folder.path, { ...PROJECT, 'client/index.js': 'Page({' });
    const report = join(folder.path, 'report.json');
    const { code, stdout } = await run(['build', folder.path, '--json', report]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/SCRIPT_SYNTAX client\/index\.js:1:\d+/);
    expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({ errors: 1 });
  });
});

describe('sparrow reset', () => {
  it('asks before it removes, and cannot ask without a terminal', async () => {
    write(folder.path, { ...PROJECT, '.sparrow/control.db': 'x' });
    const refused = await run(['reset', folder.path]);
    expect([refused.code, existsSync(join(folder.path, '.sparrow'))]).toEqual([1, true]);
    expect(refused.stderr).toContain('CONFIRMATION_NEEDED');
    expect((await run(['reset', folder.path, '--yes'])).code).toBe(0);
    expect(existsSync(join(folder.path, '.sparrow'))).toBe(false);
    const nothing = await run(['reset', folder.path, '--yes', '--json']);
    expect(JSON.parse(nothing.stdout)).toMatchObject({ removed: false });
  });

  it('leaves a running project alone', async () => {
    write(folder.path, PROJECT);
    const started = dev(['--no-lan']);
    await started.until('Next');
    const refused = await run(['reset', folder.path, '--yes']);
    expect(refused.stderr).toContain('FOLDER_IN_USE');
    expect(existsSync(join(folder.path, '.sparrow/control.db'))).toBe(true);
  });
});

describe('sparrow create', () => {
  it.each(['hello', 'chat'])('makes a project from %s that needs nothing of this repository', async (template) => {
    const dir = join(folder.path, 'My_Shop');
    const made = await run(['create', dir, '--yes', '--no-install', '--template', template, '--json']);
    expect([made.code, made.stderr]).toEqual([0, expect.stringMatching(/Next: cd \S*My_Shop && npm run dev\n/)]);
    const readme = readFileSync(join(dir, 'README.md'), 'utf8');
    expect(readme).toContain('npm run dev');
    expect(readme).toContain('Sparrow 所在的目录写在 `package.json`');
    expect(readme).not.toMatch(/npm start|chat-room/);
    const { files } = JSON.parse(made.stdout);
    expect(files).toContain('client/app.json');
    // Only its scripts say where Sparrow lies.
    for (const file of files.filter((name: string) => name !== 'package.json'))
      expect(readFileSync(join(dir, file), 'utf8')).not.toContain(REPOSITORY);
    expect(JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))).toMatchObject({
      name: 'my-shop',
      dependencies: { '@sparrow/sdk': 'file:vendor/sparrow-sdk-0.1.0.tgz' },
    });
    expect(readFileSync(join(dir, 'client/config.js'), 'utf8')).toContain('https://my-shop.sparrow.test');
    expect(JSON.parse(readFileSync(join(dir, 'sparrow.json'), 'utf8')).hosts).toEqual(['my-shop.sparrow.test']);

    // What npm would do with the tarball, without its registry.
    mkdirSync(join(dir, 'node_modules/@sparrow/sdk'), { recursive: true });
    execFileSync('tar', [
      'xzf',
      join(dir, 'vendor/sparrow-sdk-0.1.0.tgz'),
      '--strip-components=1',
      '-C',
      join(dir, 'node_modules/@sparrow/sdk'),
    ]);
    symlinkSync(join(REPOSITORY, 'node_modules/wafer2-client-sdk'), join(dir, 'node_modules/wafer2-client-sdk'));
    mkdirSync(join(dir, 'node_modules/@vant'), { recursive: true });
    symlinkSync(join(REPOSITORY, 'node_modules/@vant/weapp'), join(dir, 'node_modules/@vant/weapp'));
    const built = execFileSync('npm', ['run', '-s', 'sparrow', '--', 'build', '.', '--json'], { cwd: dir });
    expect(JSON.parse(built.toString())).toMatchObject({ errors: 0 });
    // Who ends npm ends what it runs: its output closes, and the folder is free.
    const npm = spawn('npm', ['run', 'dev', '--', '--port', '0', '--no-lan'], {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    const closed = once(npm, 'close');
    for (let text = ''; !text.includes('Next'); ) text += String((await once(npm.stdout, 'data'))[0]);
    npm.stdout.resume();
    npm.kill();
    await closed;
    const started = start(['dev', dir, '--port', '0', '--no-lan', '--json']);
    running.push(started);
    await started.until('\n}\n');
    const ready = JSON.parse(started.stdout);
    expect(ready.backend.state).toBe('running');
    expect(await (await fetch(`${ready.backendUrl}/me`)).json()).toMatchObject({ code: -1, error: 'ERR_SKEY_INVALID' });
  });

  it('never writes into a folder that holds something', async () => {
    write(folder.path, { 'mine.txt': 'x' });
    const { code, stderr } = await run(['create', folder.path, '--yes']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('FOLDER_NOT_EMPTY')]);
  });
});

describe('the command line', () => {
  it('names commands so that they can be typed where the person is', () => {
    const repository = '/opt/麻 雀';
    const from = (cwd: string, path = '/usr/bin') => createInvocation({ cwd, repository, path });
    expect(from(REPOSITORY).spell('see `sparrow check x`')).toBe('see `npm run -s sparrow -- check x`');
    expect(from(join(REPOSITORY, 'docs')).prefix).toBe('npm run -s sparrow --');
    // A folder with a package of its own has no such script, and one without any has none either.
    write(folder.path, { 'sub/package.json': {}, 'bin/sparrow': '' });
    const elsewhere = "npm --prefix '/opt/麻 雀' run -s sparrow --";
    expect(from(join(folder.path, 'sub')).prefix).toBe(elsewhere);
    expect(from(folder.path).spell('run sparrow dev .')).toBe(`run ${elsewhere} dev .`);
    chmodSync(join(folder.path, 'bin/sparrow'), 0o755);
    expect(from(folder.path, join(folder.path, 'bin')).spell('`sparrow store init`')).toBe('`sparrow store init`');
    // Names of files and packages stay as they are.
    expect(from(REPOSITORY).spell('@sparrow dev, /sparrow check, sparrow develops')).toBe(
      '@sparrow dev, /sparrow check, sparrow develops',
    );
    expect([quote('a/b-c.x'), quote('我的店'), quote("it's here")]).toEqual(['a/b-c.x', '我的店', "'it'\\''s here'"]);
  });

  it('says what is wrong with a line, and exits with 2', async () => {
    const unknown = await run(['buld']);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringMatching(/USAGE: unknown command 'buld'.*build/s)]);
    const port = await run(['dev', '--port', 'x', '--json']);
    expect([port.code, JSON.parse(port.stdout).error.code]).toEqual([2, 'USAGE']);
    expect((await run(['--version'])).stdout).toBe('0.1.0\n');
    expect((await run(['--help'])).code).toBe(0);
  });

  it('prints an error as JSON when JSON was asked for', async () => {
    const { code, stdout, stderr } = await run(['build', folder.path, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'PROJECT_INVALID', hint: expect.any(String), log: expect.any(String) },
    });
    expect(stderr).toContain('PROJECT_INVALID');
  });

  it('goes on with Node 24 when an older Node starts it', async () => {
    const old = '/usr/bin/node';
    if (!existsSync(old) || /v2[4-9]/.test(execFileSync(old, ['--version'], { encoding: 'utf8' }))) return;
    const { code, stdout } = await run(['doctor', '--json'], { node: old });
    const { findings } = JSON.parse(stdout);
    expect(findings[0]).toMatchObject({ name: 'Node', state: 'ok', detail: expect.stringContaining('v24.') });
    expect(code).toBe(findings.some(({ state }: { state: string }) => state === 'fail') ? 1 : 0);
  });

  it('doctor tells which engines a project uses', async () => {
    write(folder.path, { ...PROJECT, '.sparrow/store/store.json': '{"meta": "postgres://127.0.0.1:1/none"}' });
    const inUse = async (dir: string): Promise<string | undefined> => {
      const { stdout } = await run(['doctor', dir, '--json'], { cwd: folder.path });
      const parts: { part: string; inUse: string }[] = JSON.parse(stdout).parts;
      return parts.find(({ part }) => part === 'records')?.inUse;
    };
    expect([await inUse('.'), await inUse('client')]).toEqual(['scaled', 'embedded']);
    rmSync(join(folder.path, '.sparrow'), { recursive: true });
  });

  it('takes paths from where npm was started', async () => {
    write(folder.path, PROJECT);
    const env = { npm_lifecycle_event: 'sparrow', INIT_CWD: folder.path };
    const { stdout } = await run(['build', '.', '--json'], { env });
    expect(JSON.parse(stdout).project).toBe('tiny');
  });
});

describe('texts of the terminal', () => {
  it('count Chinese characters as two columns', () => {
    expect([width('abc'), width('麻雀ab'), width('(我)')]).toEqual([3, 6, 4]);
    expect(table(['a', 'b'], [['麻雀', 'x']])).toEqual(['a     b', '────  ─', '麻雀  x']);
  });
});

describe('the language of errors', () => {
  it('is that of the shell, and --lang wins', async () => {
    const taken = write(join(folder.path, 'taken'), { file: '' });
    const told = async (args: string[], env: Record<string, string>): Promise<string> =>
      (await run(['create', taken, ...args], { env })).stderr;
    const chinese = await told([], { LC_ALL: 'zh_CN.UTF-8' });
    // What is of this very case is there, in a sentence of its own.
    expect(chinese).toContain(`FOLDER_NOT_EMPTY：${taken} 中已有文件`);
    expect(chinese).toContain('解决办法：换一个尚不存在的目录');
    expect(chinese).not.toMatch(/holds something|name a folder/);
    expect(await told([], { LC_ALL: '', LC_MESSAGES: '', LANG: 'zh_TW.UTF-8' })).toContain('解决办法');
    expect(await told(['--lang', 'en'], { LC_ALL: 'zh_CN.UTF-8' })).toContain('Fix: name a folder');
    expect(await told(['--lang=zh'], {})).toContain('解决办法');
    expect(await told(['--lang', 'fr'], {})).toContain('USAGE');
  });

  it('is that of findings and fixes, too', async () => {
    write(folder.path, { ...PROJECT, 'client/index.wxml': '<view>{{word}}</veiw>' });
    const { code, stdout } = await run(['build', folder.path, '--lang', 'zh']);
    expect(code).toBe(1);
    expect(stdout).toContain('WXML_SYNTAX client/index.wxml:1:15  此处应为 </view>，实际是 </veiw>');
    expect(stdout).toContain('解决办法：修改该标签');
  });
});
