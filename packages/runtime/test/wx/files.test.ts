import { expect, it } from 'vitest';
import { inBothModes, startApp, type TestApp, useBrowser } from '../harness.ts';
import { call, type Outcome, onePage } from './support.ts';

useBrowser();

/** Calls a method of the file system manager; gives its result or failure. */
const fs = (test: TestApp, name: string, options: object): Promise<Outcome> =>
  test.service(
    ({ wx }, which: string, given: object) =>
      wx
        .getFileSystemManager()
        [which](given)
        .then(
          (r: Outcome) => r,
          (e: Outcome) => e,
        ),
    name,
    options,
  );
const fsSync = (test: TestApp, name: string, ...args: unknown[]): Promise<unknown> =>
  test.service(
    ({ wx }, which: string, given: unknown[]) => {
      try {
        return wx.getFileSystemManager()[which](...given) ?? 'done';
      } catch (error) {
        return `throws ${(error as Error).message}`;
      }
    },
    name,
    args,
  );

inBothModes('files', (mode) => {
  it('wx.getFileSystemManager: writes, reads, lists and removes files of the user folder', async () => {
    const test = await startApp({
      mode,
      files: { ...onePage(), 'data.json': '{"in":"package"}', 'pic.svg': '<svg>pic</svg>' },
    });
    const dir = 'http://usr/notes';
    const file = `${dir}/a.txt`;
    expect((await fs(test, 'writeFile', { filePath: file, data: 'x' })).errMsg).toBe(
      `writeFile:fail no such file or directory, open "${file}"`,
    );
    expect((await fs(test, 'mkdir', { dirPath: dir })).errMsg).toBe('mkdir:ok');
    expect(await fs(test, 'mkdir', { dirPath: dir })).toMatchObject({
      errMsg: `mkdir:fail file already exists, mkdir "${dir}"`,
      errno: 1301005,
    });
    expect((await fs(test, 'writeFile', { filePath: file, data: '你好', encoding: 'utf8' })).errMsg).toBe(
      'writeFile:ok',
    );
    expect((await fs(test, 'appendFile', { filePath: file, data: '!' })).errMsg).toBe('appendFile:ok');
    expect((await fs(test, 'readFile', { filePath: file, encoding: 'utf-8' })).data).toBe('你好!');
    expect((await fs(test, 'readFile', { filePath: file, encoding: 'hex' })).data).toBe('e4bda0e5a5bd21');
    expect((await fs(test, 'readFile', { filePath: file, encoding: 'utf8', position: 3, length: 3 })).data).toBe('好');
    expect(await fs(test, 'readFile', { filePath: 'http://usr/none' })).toMatchObject({
      errMsg: 'readFile:fail no such file or directory, open "http://usr/none"',
      errno: 1300002,
    });
    expect((await fs(test, 'access', { path: file })).errMsg).toBe('access:ok');
    expect((await fs(test, 'access', { path: `${file}x` })).errMsg).toContain('access:fail no such file or directory');
    expect((await fs(test, 'readdir', { dirPath: dir })).files).toEqual(['a.txt']);
    expect(
      await test.service(({ wx }, path: string) => {
        const stat = wx.getFileSystemManager().statSync(path);
        return [stat.size, stat.isFile(), stat.isDirectory()];
      }, file),
    ).toEqual([7, true, false]);
    expect((await fs(test, 'copyFile', { srcPath: file, destPath: `${dir}/b.txt` })).errMsg).toBe('copyFile:ok');
    expect((await fs(test, 'rename', { oldPath: `${dir}/b.txt`, newPath: 'http://usr/c.txt' })).errMsg).toBe(
      'rename:ok',
    );
    expect((await fs(test, 'getFileInfo', { filePath: 'http://usr/c.txt' })).size).toBe(7);
    expect((await fs(test, 'unlink', { filePath: 'http://usr/c.txt' })).errMsg).toBe('unlink:ok');
    expect((await fs(test, 'rmdir', { dirPath: dir })).errMsg).toBe(`rmdir:fail directory not empty, rmdir "${dir}"`);
    expect((await fs(test, 'rmdir', { dirPath: dir, recursive: true })).errMsg).toBe('rmdir:ok');
    expect((await fs(test, 'readdir', { dirPath: 'http://usr' })).files).toEqual([]);
    expect((await fs(test, 'writeFile', { filePath: '/pages/a/a.js', data: 'x' })).errMsg).toBe(
      'writeFile:fail permission denied, open "/pages/a/a.js"',
    );
    expect((await fs(test, 'writeFile', { filePath: 'http://usr/../../x', data: 5 })).errMsg).toMatch(
      /^writeFile:fail parameter error/,
    );

    expect((await fs(test, 'readFile', { filePath: '/pic.svg', encoding: 'utf8' })).data).toBe('<svg>pic</svg>');
    const saved = await fs(test, 'saveFile', { tempFilePath: '/pic.svg' });
    expect(saved.savedFilePath).toMatch(/^http:\/\/usr\/.+\.svg$/);
    expect((await fs(test, 'getSavedFileList', {})).fileList).toMatchObject([
      { filePath: saved.savedFilePath, size: 14 },
    ]);
    expect((await fs(test, 'removeSavedFile', { filePath: saved.savedFilePath })).errMsg).toBe('removeSavedFile:ok');
    await test.close();
  });

  it('wx.getFileSystemManager: sync calls answer at once and throw with their errMsg', async () => {
    const test = await startApp({ mode, files: onePage() });
    const path = 'http://usr/deep/er/f.bin';
    expect(await fsSync(test, 'mkdirSync', 'http://usr/deep/er', true)).toBe('done');
    expect(await fsSync(test, 'writeFileSync', path, 'AQID', 'base64')).toBe('done');
    expect(await fsSync(test, 'appendFileSync', path, '\u0004', 'binary')).toBe('done');
    expect(await fsSync(test, 'readFileSync', path, 'base64')).toBe('AQIDBA==');
    expect(await fsSync(test, 'accessSync', path)).toBe('done');
    expect(await fsSync(test, 'copyFileSync', path, 'http://usr/g.bin')).toBe('done');
    expect(await fsSync(test, 'renameSync', 'http://usr/deep', 'http://usr/moved')).toBe('done');
    expect(await fsSync(test, 'readdirSync', 'http://usr')).toEqual(['g.bin', 'moved']);
    expect(await fsSync(test, 'readFileSync', 'http://usr/moved/er/f.bin', 'hex')).toBe('01020304');
    expect(await fsSync(test, 'unlinkSync', 'http://usr/g.bin')).toBe('done');
    expect(await fsSync(test, 'rmdirSync', 'http://usr/moved', true)).toBe('done');
    expect(await fsSync(test, 'readFileSync', path)).toBe(
      `throws readFileSync:fail no such file or directory, open "${path}"`,
    );
    expect(await fsSync(test, 'accessSync', path)).toBe(
      `throws accessSync:fail no such file or directory, access "${path}"`,
    );
    expect(await fsSync(test, 'writeFileSync', 'http://usr/h', 'x', 'klingon')).toBe(
      'throws writeFileSync:fail invalid encoding "klingon"',
    );
    expect((await call(test, 'getImageInfo', { src: 'http://usr/h' })).errMsg).toMatch(
      /^getImageInfo:fail no such file/,
    );
    await test.close();
  });

  it('user files are shown by images, read by other calls and outlive the phone', async () => {
    const test = await startApp({
      mode,
      files: {
        'app.js': 'App({})',
        'app.json': { pages: ['pages/a/a'] },
        'pages/a/a.wxml':
          '<image wx:if="{{src}}" src="{{src}}" bindload="loaded" binderror="failed"/><view class="seen">{{seen}}</view>',
        'pages/a/a.js': `Page({ data: { src: '', seen: '' },
          loaded({ detail }) { this.setData({ seen: detail.width + 'x' + detail.height }) }, failed() { this.setData({ seen: 'broken' }) } })`,
      },
    });
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>';
    await test.service(({ wx, getCurrentPages }, text: string) => {
      const fs = wx.getFileSystemManager();
      fs.mkdirSync(`${wx.env.USER_DATA_PATH}/art/empty`, true);
      fs.writeFileSync(`${wx.env.USER_DATA_PATH}/art/鸟 1.svg`, text);
      getCurrentPages()[0].setData({ src: `${wx.env.USER_DATA_PATH}/art/鸟 1.svg` });
    }, svg);
    await (await test.view()).waitText('.seen', '30x20');
    expect((await call(test, 'saveImageToPhotosAlbum', { filePath: 'http://usr/art/鸟 1.svg' })).errMsg).toBe(
      'saveImageToPhotosAlbum:ok',
    );
    await test.service(({ wx }) => {
      wx.getFileSystemManager().renameSync('http://usr/art', 'http://usr/kept');
      wx.getFileSystemManager().writeFileSync('http://usr/gone.txt', 'x');
      wx.getFileSystemManager().unlinkSync('http://usr/gone.txt');
    });
    // What native has in hand is kept before the phone goes.
    await call(test, 'saveImageToPhotosAlbum', { filePath: 'http://usr/kept/鸟 1.svg' });

    await test.page.reload();
    await test.page.evaluate(() => window.sparrow.ready);
    await test.ready('pages/a/a');
    expect(await fsSync(test, 'readdirSync', 'http://usr')).toEqual(['kept']);
    expect(((await fsSync(test, 'readdirSync', 'http://usr/kept')) as string[]).sort()).toEqual(
      ['empty', '鸟 1.svg'].sort(),
    );
    expect(await fsSync(test, 'readFileSync', 'http://usr/kept/鸟 1.svg', 'utf8')).toBe(svg);
    await test.close();
  });
});
