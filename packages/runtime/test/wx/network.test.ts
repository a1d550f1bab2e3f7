import type { AddressBook } from '@sparrow/protocol';
import { expect, it } from 'vitest';
import { inBothModes, startApp, useBrowser } from '../harness.ts';
import { useNetworkServer } from './network-server.ts';
import { call, callBack, eventually, message, missing, onePage } from './support.ts';

useBrowser();
const net = useNetworkServer();

const addresses: AddressBook = {
  resolve: (url) => (url.hostname === 'forbidden.test' ? { kind: 'refuse', reason: 'a test' } : { kind: 'public' }),
};
const start = (mode: 'dual' | 'single') => startApp({ mode, files: onePage(), addresses });

inBothModes('network', (mode) => {
  it('wx.request: carries method, header and data, and decodes the answer', async () => {
    const test = await start(mode);
    const got = await call(test, 'request', {
      url: `${net.base}/echo?x=1`,
      data: { y: '二', z: 3 },
      header: { 'X-Own': 'me' },
    });
    expect(got).toMatchObject({ errMsg: 'request:ok', statusCode: 200, cookies: ['a=b'] });
    expect(got.data).toMatchObject({ method: 'GET', path: '/echo?x=1&y=%E4%BA%8C&z=3', own: 'me' });
    const posted = await call(test, 'request', { url: `${net.base}/echo`, method: 'POST', data: { a: [1] } });
    expect(posted.data).toMatchObject({ method: 'POST', type: 'application/json', body: '{"a":[1]}' });
    const form = await call(test, 'request', {
      url: `${net.base}/echo`,
      method: 'PUT',
      data: { a: 'b c' },
      header: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(form.data).toMatchObject({ method: 'PUT', body: 'a=b%20c' });
    expect((await call(test, 'request', { url: `${net.base}/text` })).data).toBe('plain');
    expect(await call(test, 'request', { url: `${net.base}/missing` })).toMatchObject({
      statusCode: 404,
      data: { no: 1 },
    });
    expect(
      await test.service(
        async ({ wx }, url: string) =>
          Array.from(new Uint8Array((await wx.request({ url, responseType: 'arraybuffer' })).data)),
        `${net.base}/bytes`,
      ),
    ).toEqual([1, 2, 255]);
    const events = await test.service(
      ({ wx }, url: string) =>
        new Promise((resolve) => {
          const seen: unknown[] = [];
          const task = wx.request({
            url,
            enableChunked: true,
            success: (r: { data: unknown }) => resolve([...seen, r.data]),
          });
          task.onHeadersReceived((r: { statusCode: number }) => seen.push(r.statusCode));
          task.onChunkReceived((r: { data: ArrayBuffer }) => seen.push(r.data.byteLength));
        }),
      `${net.base}/bytes`,
    );
    expect(events).toEqual([200, 3, '']);
    await test.close();
  });

  it('names headers as the server does, wherever they are seen', async () => {
    const test = await start(mode);
    const named = { 'Set-Cookie': 'a=1,b=2', 'X-Auth-Token': 't', 'x-low': 'l' };
    expect(await call(test, 'request', { url: `${net.base}/named` })).toMatchObject({
      header: named,
      cookies: ['a=1', 'b=2'],
    });
    expect(await call(test, 'downloadFile', { url: `${net.base}/named.txt` })).toMatchObject({ header: named });
    const early = await test.service(
      ({ wx }, url: string) =>
        new Promise((resolve) => {
          wx.request({ url, success() {} }).onHeadersReceived((r: { header: object }) => resolve(r.header));
        }),
      `${net.base}/named`,
    );
    expect(early).toMatchObject(named);
    const filePath = await test.service(
      ({ wx }, url: string) => wx.downloadFile({ url }).then((r: { tempFilePath: string }) => r.tempFilePath),
      `${net.base}/file.txt`,
    );
    const upload = await test.service(
      ({ wx }, url: string, path: string) =>
        new Promise((resolve) => {
          const task = wx.uploadFile({ url, filePath: path, name: 'x', success() {} });
          task.onHeadersReceived((r: { header: object }) => resolve(r.header));
        }),
      `${net.base}/named`,
      filePath,
    );
    expect(upload).toMatchObject(named);
    const opened = await test.service(
      ({ wx }, url: string) =>
        new Promise((resolve) => {
          wx.connectSocket({ url }).onOpen((r: { header: object }) => resolve(r.header));
        }),
      net.base.replace('http', 'ws'),
    );
    expect(opened).toMatchObject({ 'X-Auth-Token': 't', 'x-low': 'l' });
    await test.close();
  });

  it('wx.request: hands on chunks as they come, also of an answer that is broken off', async () => {
    const test = await start(mode);
    await test.service(({ wx, getApp }, url: string) => {
      const got: string[] = [];
      getApp().got = got;
      const task = wx.request({
        url,
        enableChunked: true,
        success: (r: { data: unknown }) => got.push(`end ${r.data}`),
        fail: (e: { errMsg: string }) => got.push(e.errMsg),
      });
      getApp().task = task;
      task.onChunkReceived((r: { data: ArrayBuffer }) =>
        got.push(Array.from(new Uint8Array(r.data), (byte) => String.fromCharCode(byte)).join('')),
      );
    }, `${net.base}/drip`);
    const got = () => test.service(({ getApp }) => getApp().got);
    await eventually(got).toEqual(['one']);
    net.drip('two');
    await eventually(got).toEqual(['one', 'two']);
    net.drip('x'.repeat(70_000));
    await eventually(async () => (await got()).slice(2).join('').length).toBe(70_000);
    net.drip();
    await eventually(async () => (await got()).at(-1)).toBe('end ');
    await test.service(({ wx, getApp }, url: string) => {
      const got: string[] = [];
      getApp().got = got;
      const task = wx.request({ url, enableChunked: true, fail: (e: { errMsg: string }) => got.push(e.errMsg) });
      task.onChunkReceived(() => {
        got.push('chunk');
        task.abort();
      });
    }, `${net.base}/drip`);
    await eventually(got).toEqual(['chunk', 'request:fail abort']);
    await eventually(() => net.broken).toContain('/drip');
    await test.close();
  });

  it('wx.request: fails with the texts of the original', async () => {
    const test = await start(mode);
    expect(await message(test, 'request')).toBe(missing('request', 'url'));
    expect(await message(test, 'request', { url: 'ftp://x' })).toBe('request:fail invalid url "ftp://x"');
    expect(await callBack(test, 'request', { url: `${net.base}/hang`, timeout: 50 })).toEqual([
      'fail request:fail timeout',
      'complete request:fail timeout',
    ]);
    expect(await call(test, 'request', { url: 'http://forbidden.test/' })).toMatchObject({
      errMsg: expect.stringMatching(/^request:fail url not in domain list/),
      errno: 600002,
    });
    expect(await message(test, 'request', { url: 'http://127.0.0.1:1/' })).toContain('ERR_CONNECTION_REFUSED');
    const aborted = (now: boolean) =>
      test.service(
        ({ wx }, url: string, atOnce: boolean) =>
          new Promise((resolve) => {
            const task = wx.request({ url, fail: (e: { errMsg: string }) => resolve(e.errMsg) });
            if (atOnce) task.abort();
            else setTimeout(() => task.abort(), 150);
          }),
        `${net.base}/hang-abort-${mode}`,
        now,
      );
    expect(await aborted(true)).toBe('request:fail abort');
    expect(await aborted(false)).toBe('request:fail abort');
    await eventually(() => net.broken).toContain(`/hang-abort-${mode}`);
    await test.close();
  });

  it('wx.uploadFile wx.downloadFile: move files, tell their progress, and can be aborted', async () => {
    const test = await start(mode);
    const down = await test.service(
      ({ wx }, url: string) =>
        new Promise((resolve) => {
          const seen: unknown[] = [];
          const task = wx.downloadFile({ url, success: (r: object) => resolve({ ...r, seen }) });
          task.onHeadersReceived((r: { header: Record<string, string> }) => seen.push(r.header['content-type']));
          task.onProgressUpdate((r: { progress: number; totalBytesWritten: number }) =>
            seen.push(r.progress, r.totalBytesWritten),
          );
        }),
      `${net.base}/file.txt`,
    );
    expect(down).toMatchObject({ errMsg: 'downloadFile:ok', statusCode: 200, seen: ['text/plain', 100, 9] });
    const { tempFilePath } = down as { tempFilePath: string };
    expect(tempFilePath).toMatch(/^http:\/\/tmp\/.+\.txt$/);

    const up = await call(test, 'uploadFile', {
      url: `${net.base}/up`,
      filePath: tempFilePath,
      name: 'thing',
      formData: { note: 'hi' },
      header: { 'x-own': 'me' },
    });
    expect(up).toMatchObject({ errMsg: 'uploadFile:ok', statusCode: 200 });
    const sent = JSON.parse(up.data as string) as { type: string; body: string; own: string };
    expect(sent.type).toMatch(/^multipart\/form-data/);
    expect(sent.own).toBe('me');
    expect(sent.body).toContain('name="note"');
    expect(sent.body).toContain('name="thing"');
    expect(sent.body).toContain('file body');

    const kept = await call(test, 'downloadFile', { url: `${net.base}/file.txt`, filePath: 'http://usr/kept.txt' });
    expect(kept).toMatchObject({ errMsg: 'downloadFile:ok', filePath: 'http://usr/kept.txt' });
    expect(await test.service(({ wx }) => wx.getFileSystemManager().readFileSync('http://usr/kept.txt', 'utf8'))).toBe(
      'file body',
    );

    expect(await message(test, 'downloadFile')).toBe(missing('downloadFile', 'url'));
    expect(await message(test, 'downloadFile', { url: `${net.base}/hang`, timeout: 50 })).toBe(
      'downloadFile:fail timeout',
    );
    expect(await message(test, 'uploadFile', { url: `${net.base}/up`, filePath: 'http://tmp/none', name: 'x' })).toBe(
      'uploadFile:fail no such file "http://tmp/none"',
    );
    expect(await message(test, 'uploadFile', { url: `${net.base}/up`, filePath: 'x' })).toBe(
      missing('uploadFile', 'name'),
    );
    for (const name of ['uploadFile', 'downloadFile'])
      expect(
        await test.service(
          ({ wx }, which: string, url: string, filePath: string) =>
            new Promise((resolve) => {
              const task = wx[which]({
                url,
                ...(which === 'uploadFile' && { filePath, name: 'x' }),
                fail: (e: { errMsg: string }) => resolve(e.errMsg),
              });
              setTimeout(() => task.abort(), 100);
            }),
          name,
          `${net.base}/hang`,
          tempFilePath,
        ),
      ).toBe(`${name}:fail abort`);
    await test.close();
  });

  it('a closed phone ends its sockets and requests', async () => {
    const test = await start(mode);
    net.heard.length = 0;
    await test.service(
      ({ wx }, http: string, ws: string) => {
        wx.request({ url: http, fail: () => {} });
        return new Promise((resolve) => wx.connectSocket({ url: ws }).onOpen(resolve));
      },
      `${net.base}/hang-closed-${mode}`,
      `${net.base.replace('http', 'ws')}/kept`,
    );
    await eventually(() => net.hanging).toContain(`/hang-closed-${mode}`);
    await test.page.evaluate(() => window.sparrow.phone?.close());
    await eventually(() => net.heard.some((line) => line.startsWith('close'))).toBe(true);
    await eventually(() => net.broken).toContain(`/hang-closed-${mode}`);
    await test.close();
  });
});
