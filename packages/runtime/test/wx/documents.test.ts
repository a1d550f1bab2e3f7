import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { inBothModes, startApp, type TestApp, useBrowser } from '../harness.ts';
import { message, missing, onePage } from './support.ts';

useBrowser();

/** A program that has written some documents of its own. */
async function startWithDocuments(mode: 'dual' | 'single'): Promise<TestApp> {
  const test = await startApp({ mode, files: onePage() });
  await test.service(({ wx }) => {
    const manager = wx.getFileSystemManager();
    manager.writeFileSync('http://usr/a.pdf', '%PDF-1.4 not much of one');
    manager.writeFileSync('http://usr/b.xls', 'x'.repeat(3000));
    manager.writeFileSync('http://usr/c.zip', 'zip');
  });
  return test;
}

inBothModes('documents', (mode) => {
  it('wx.openDocument: a sheet with name and size, from where the browser opens or keeps the file', async () => {
    const test = await startWithDocuments(mode);
    expect(await message(test, 'openDocument', { filePath: 'http://usr/a.pdf', showMenu: true })).toBe(
      'openDocument:ok',
    );
    const sheet = test.page.locator('.sheet');
    expect((await sheet.innerText()).split('\n')).toEqual([
      'PDF',
      'a.pdf',
      '24 B',
      '在新标签页打开',
      '保存到电脑',
      '关闭',
    ]);
    const opened = test.page.context().waitForEvent('page');
    await sheet.locator('button', { hasText: '新标签页' }).click();
    await (await opened).close();
    const kept = test.page.waitForEvent('download');
    await sheet.locator('button', { hasText: '保存' }).click();
    expect((await kept).suggestedFilename()).toBe('a.pdf');
    await sheet.locator('button', { hasText: '关闭' }).click();
    expect(await sheet.count()).toBe(0);

    expect(await message(test, 'openDocument', { filePath: 'http://usr/b.xls' })).toBe('openDocument:ok');
    expect((await sheet.innerText()).split('\n')).toEqual(['XLS', 'b.xls', '2.9 KB', '在新标签页打开', '关闭']);
    await sheet.locator('button', { hasText: '关闭' }).click();
    expect(await message(test, 'openDocument', { filePath: 'http://usr/c.zip', fileType: 'docx' })).toBe(
      'openDocument:ok',
    );
    await sheet.locator('button', { hasText: '关闭' }).click();

    expect(await message(test, 'openDocument')).toBe(missing('openDocument', 'filePath'));
    expect(await message(test, 'openDocument', { filePath: 'http://usr/c.zip' })).toBe(
      'openDocument:fail filetype not supported',
    );
    expect(await message(test, 'openDocument', { filePath: '/none.pdf' })).toBe(
      'openDocument:fail no such file "/none.pdf"',
    );
    await test.close();
  });

  it('wx.saveFileToDisk: the file is kept by the browser', async () => {
    const test = await startWithDocuments(mode);
    const kept = test.page.waitForEvent('download');
    expect(await message(test, 'saveFileToDisk', { filePath: 'http://usr/b.xls' })).toBe('saveFileToDisk:ok');
    const download = await kept;
    expect(download.suggestedFilename()).toBe('b.xls');
    expect((await readFile(await download.path(), 'utf8')).length).toBe(3000);
    expect(await message(test, 'saveFileToDisk')).toBe(missing('saveFileToDisk', 'filePath'));
    expect(await message(test, 'saveFileToDisk', { filePath: '/none' })).toBe(
      'saveFileToDisk:fail no such file "/none"',
    );
    await test.close();
  });
});
