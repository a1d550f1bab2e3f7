import { crc32, deflateRawSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { inBothModes, startApp, type TestApp, useBrowser } from '../harness.ts';
import { call, type Outcome, onePage } from './support.ts';

useBrowser();

/** A ZIP archive with these files, packed. */
function zipOf(files: Record<string, string>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [path, content] of Object.entries(files)) {
    const name = Buffer.from(path);
    const packed = deflateRawSync(content);
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(0x800, 2);
    facts.writeUInt16LE(8, 4);
    facts.writeUInt32LE(crc32(content), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(Buffer.byteLength(content), 18);
    facts.writeUInt16LE(name.length, 22);
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), facts, name, packed);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), facts, rest, name);
    at += 30 + name.length + packed.length;
  }
  const size = Buffer.concat(directory).length;
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(directory.length / 4, 8);
  end.writeUInt16LE(directory.length / 4, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

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

  it('wx.getFileSystemManager: open files are read, written and cut at any place', async () => {
    const test = await startApp({ mode, files: onePage() });
    const filePath = 'http://usr/f.txt';
    expect(await fs(test, 'open', { filePath })).toMatchObject({
      errMsg: `open:fail no such file or directory, open "${filePath}"`,
      errno: 1300002,
    });
    expect((await fs(test, 'open', { filePath, flag: 'q' })).errMsg).toBe('open:fail invalid flag "q"');
    const seen = await test.service(async ({ wx }, path: string) => {
      const manager = wx.getFileSystemManager();
      const caught = (run: () => unknown): unknown => {
        try {
          return run();
        } catch (error) {
          return (error as Error).message;
        }
      };
      const { fd } = await manager.open({ filePath: path, flag: 'w+' });
      const written = [
        (await manager.write({ fd, data: '你好,麻雀' })).bytesWritten,
        manager.writeSync({ fd, data: new Uint8Array([65, 66, 67, 68]).buffer, offset: 1, length: 2 }).bytesWritten,
        manager.writeSync({ fd, data: '!', position: 6 }).bytesWritten,
      ];
      const text = manager.readFileSync(path, 'utf8');
      const buffer = new ArrayBuffer(8);
      const first = await manager.read({ fd, arrayBuffer: buffer, offset: 2, length: 6, position: 0 });
      const letters = new TextDecoder().decode(new Uint8Array(buffer, 2));
      const stats = [(await manager.fstat({ fd })).stats.size, manager.fstatSync({ fd }).isFile()];
      manager.ftruncateSync({ fd, length: 3 });
      await manager.close({ fd });
      const closed = caught(() => manager.readSync({ fd, arrayBuffer: buffer }));
      const more = manager.openSync({ filePath: path, flag: 'a' });
      manager.writeSync({ fd: more, data: '们', position: 0 });
      const unreadable = caught(() => manager.readSync({ fd: more, arrayBuffer: buffer }));
      manager.closeSync({ fd: more });
      const appended = manager.readFileSync(path, 'utf8');
      const exists = caught(() => manager.openSync({ filePath: path, flag: 'wx' }));
      const outside = caught(() => {
        const reader = manager.openSync({ filePath: path });
        return manager.readSync({ fd: reader, arrayBuffer: buffer, offset: 9 });
      });
      await manager.truncate({ filePath: path, length: 4 });
      return [
        [written, text, first.bytesRead, letters, stats],
        [closed, unreadable, appended, exists, outside, manager.statSync(path).size],
      ];
    }, filePath);
    expect(seen).toEqual([
      [[13, 2, 1], '你好!麻雀BC', 6, '你好', [15, true]],
      [
        ...['readSync:fail bad file descriptor', 'readSync:fail bad file descriptor', '你们'],
        ...[
          `openSync:fail file already exists, open "${filePath}"`,
          'readSync:fail the value of "offset" is out of range',
        ],
        4,
      ],
    ]);
    await test.close();
  });

  it('wx.getFileSystemManager: archives are read and unpacked, and none writes outside of its folder', async () => {
    const test = await startApp({ mode, files: onePage() });
    for (const [name, archive] of Object.entries({
      a: zipOf({ 'notes/你好.txt': 'x'.repeat(500), 'b.bin': 'ABC' }),
      evil: zipOf({ '../out.txt': 'x' }),
      c: Buffer.from('no zip'),
    }))
      await fsSync(test, 'writeFileSync', `http://usr/${name}.zip`, archive.toString('base64'), 'base64');
    const targetPath = 'http://usr/un/packed';
    expect((await fs(test, 'unzip', { zipFilePath: 'http://usr/a.zip', targetPath })).errMsg).toBe('unzip:ok');
    expect(await fsSync(test, 'readFileSync', `${targetPath}/notes/你好.txt`, 'utf8')).toBe('x'.repeat(500));
    expect(await fsSync(test, 'readdirSync', targetPath)).toEqual(['notes', 'b.bin']);
    expect((await fs(test, 'unzip', { zipFilePath: 'http://usr/evil.zip', targetPath })).errMsg).toBe(
      'unzip:fail permission denied, unzip "../out.txt"',
    );
    expect((await fs(test, 'unzip', { zipFilePath: 'http://usr/c.zip', targetPath })).errMsg).toBe(
      'unzip:fail the file is not a zip archive',
    );
    const wanted = {
      filePath: 'http://usr/a.zip',
      entries: [{ path: 'b.bin', encoding: 'hex', position: 1 }, { path: 'none' }],
    };
    expect((await fs(test, 'readZipEntry', wanted)).entries).toEqual({
      'b.bin': { errMsg: 'readZipEntry:ok', data: '4243' },
      none: { errMsg: 'readZipEntry:fail no such file or directory, open "none"' },
    });
    const all = await fs(test, 'readZipEntry', { filePath: 'http://usr/a.zip', entries: 'all', encoding: 'utf8' });
    expect(Object.keys(all.entries as object)).toEqual(['notes/你好.txt', 'b.bin']);
    expect((await fs(test, 'readZipEntry', { filePath: 'http://usr/a.zip' })).errMsg).toMatch(
      /^readZipEntry:fail parameter error: parameter.entries should be Array/,
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
    const saved = call(test, 'saveImageToPhotosAlbum', { filePath: 'http://usr/art/鸟 1.svg' });
    await test.page.locator('.sheet button', { hasText: '允许' }).click();
    expect((await saved).errMsg).toBe('saveImageToPhotosAlbum:ok');
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
